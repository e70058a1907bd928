import { and, desc, eq, gt, inArray, isNull, lte, sql } from "drizzle-orm";
import type { Address, Chat } from "../../channels/channel.ts";
import { newCode, newToken } from "../clock.ts";
import type { Groups } from "./groups.ts";
import { McpTokens } from "./mcp-tokens.ts";
import type { Office } from "./office.ts";
import type { Claim } from "./rpc.ts";
import { guesses, secrets } from "./schema.ts";
import { asCode, hashOf } from "./secrets.ts";
import { settingsOf } from "./settings.ts";

type Kind = "main" | "link" | "session";

const HOUR = 3600_000;
/** How long each kind lives, in milliseconds, and how many of it there are at most. */
const LIFE: Record<Kind, number> = { main: HOUR, link: 24 * HOUR, session: 30 * 24 * HOUR };
const MOST: Record<Kind, number> = { main: 5, link: 20, session: 100 };
/** Wrong guesses after which a code dies, and after which a chat is not listened to for an hour. */
const WRONG = 5;

/** Codes for `/main`, links to the console and its sessions. Only hashes are kept. */
export class Codes {
  readonly #office: Office;
  readonly #groups: Groups;
  /** Tokens of chats for other agents. */
  readonly mcp: McpTokens;

  constructor(office: Office, groups: Groups) {
    this.#office = office;
    this.#groups = groups;
    this.mcp = new McpTokens(office, groups);
  }

  mainCode(): string {
    const code = newCode(8);
    this.#office.transaction(() => this.#keep("main", code));
    return code;
  }

  adminLink(): string {
    const token = newToken();
    this.#office.transaction(() => this.#keep("link", token));
    return token;
  }

  /** Exchanges a link for a session, once. */
  redeem(link: string): string | undefined {
    const session = newToken();
    return this.#office.transaction(() => {
      if (!this.#valid("link", link)) return undefined;
      this.#office.db
        .delete(secrets)
        .where(eq(secrets.hash, hashOf(link)))
        .run();
      this.#keep("session", session);
      return session;
    });
  }

  session(token: string): boolean {
    return this.#valid("session", token) !== undefined;
  }

  /** Makes a chat main for a code that is open. A code that the same chat used may be repeated while it would live. */
  claim(typed: string, address: Address, chat: Pick<Chat, "type" | "title">): Claim {
    return this.#office.transaction(() => {
      if (this.#locked(address)) return { ok: false, reason: LOCKED, locked: true };
      const code = this.#valid("main", asCode(typed));
      const row = this.#groups.get(address);
      if (code?.usedBy === address && row?.main) return { ok: true, settings: settingsOf(row) };
      if (!code || code.usedBy) return this.#wrong(address);
      this.#office.db.update(secrets).set({ usedBy: address }).where(eq(secrets.hash, code.hash)).run();
      const deed = { what: "made main" as const, who: "a main code", from: address };
      return { ok: true, settings: this.#groups.register({ ...chat, address }, { main: true }, deed) };
    });
  }

  #valid(kind: Kind, secret: string) {
    const now = this.#office.now();
    const valid = and(eq(secrets.hash, hashOf(secret)), eq(secrets.kind, kind), gt(secrets.expiresAt, now));
    return this.#office.db.select().from(secrets).where(valid).get();
  }

  #keep(kind: Kind, secret: string): void {
    const { db, now } = this.#office;
    db.delete(secrets).where(lte(secrets.expiresAt, now())).run();
    db.insert(secrets)
      .values({ hash: hashOf(secret), kind, expiresAt: now() + LIFE[kind] })
      .run();
    const newest = db.select({ hash: secrets.hash }).from(secrets).where(eq(secrets.kind, kind));
    const surplus = newest.orderBy(desc(secrets.expiresAt), desc(sql`rowid`)).limit(100).offset(MOST[kind]);
    db.delete(secrets).where(inArray(secrets.hash, surplus)).run();
  }

  #locked(address: Address): boolean {
    const { db, now } = this.#office;
    db.delete(guesses).where(lte(guesses.until, now())).run();
    return (db.select().from(guesses).where(eq(guesses.address, address)).get()?.wrong ?? 0) >= WRONG;
  }

  /** Nobody can tell which code a wrong guess was meant for, so it counts against each that is open. */
  #wrong(address: Address): Claim {
    const { db, now } = this.#office;
    const open = and(eq(secrets.kind, "main"), isNull(secrets.usedBy));
    db.update(secrets).set({ wrong: sql`wrong + 1` }).where(open).run();
    db.delete(secrets)
      .where(and(open, sql`wrong >= ${WRONG}`))
      .run();
    const first = { address, wrong: 1, until: now() + HOUR };
    const count = db
      .insert(guesses)
      .values(first)
      .onConflictDoUpdate({ target: guesses.address, set: { wrong: sql`wrong + 1` } });
    if (count.returning().get().wrong === WRONG)
      this.#office.record({
        what: "guessed wrong",
        subject: address,
        who: "someone in the chat",
        from: address,
      });
    return {
      ok: false,
      reason:
        "That code is not valid. Codes last one hour; get a new one in the console or with: nanoflare pair",
    };
  }
}

const LOCKED = "Too many wrong codes came from this chat. Try again in an hour.";
