import { and, eq, lt, lte, sql } from "drizzle-orm";
import { type Address, parseAddress } from "../../channels/channel.ts";
import { newCode } from "../clock.ts";
import { dayOf } from "../day.ts";
import type { GroupSettings } from "../rpc.ts";
import type { Errands } from "./errands.ts";
import type { Groups } from "./groups.ts";
import { askerOf, type Office } from "./office.ts";
import type { Arrival, ArriveRequest, By } from "./rpc.ts";
import { pairings, pending } from "./schema.ts";
import { asCode, hashOf, keyOf, tidy } from "./secrets.ts";
import { settingsOf } from "./settings.ts";

const HOUR = 3600_000;
const IDLE_MS = 30 * 24 * HOUR;
const MOST_PENDING = 100;
const MOST_PAIRINGS = 3;

/** Chats that knock: who is let in, who gets a code, whom main is asked about. */
export class Arrivals {
  readonly #office: Office;
  readonly #groups: Groups;
  readonly #errands: Errands;

  constructor(office: Office, groups: Groups, errands: Errands) {
    this.#office = office;
    this.#groups = groups;
    this.#errands = errands;
  }

  arrive(request: ArriveRequest): Arrival {
    const { address, chat, sender } = request;
    const keeper = this.#groups.resolve(address);
    if (keeper !== address) return { forwardTo: keeper };
    const row = this.#groups.get(address);
    if (row?.registered) return { settings: settingsOf(row) };
    const house = this.#groups.admitHouse(address);
    if (house) return { settings: house };
    const listed = this.#office.config.ALLOW_FROM !== undefined;
    if (sender.isBot || (listed && !request.allowed))
      return { reason: "the sender may not wake the assistant" };
    if (chat.type === "group")
      return request.addressed ? this.#wait(request) : { reason: "the chat is not registered" };
    // What main removed comes back by main only.
    if (listed && request.allowed && !row) return { settings: this.#admit(request) };
    return this.#pair(request);
  }

  /** Registers the chat that holds this code. Undefined where no such code is open. */
  approve(typed: string, by: By | undefined): GroupSettings | undefined {
    const { db, now } = this.#office;
    const { who, from } = askerOf(by);
    return this.#office.transaction(() => {
      const row = db
        .select()
        .from(pairings)
        .where(eq(pairings.hash, hashOf(asCode(typed))))
        .get();
      if (!row || row.expiresAt <= now()) return undefined;
      const known = this.#groups.get(row.address);
      if (row.approved && known?.registered) return settingsOf(known);
      db.update(pairings).set({ approved: true }).where(eq(pairings.address, row.address)).run();
      const { address, title } = row;
      const deed = { what: "paired" as const, who, from };
      return this.#groups.register({ address, title, type: "direct" }, { main: false }, deed);
    });
  }

  /** Chats that wait to be registered, by address or title, in the order of their addresses. */
  waiting(titleOrAddress: string): (typeof pending.$inferSelect)[] {
    const { db } = this.#office;
    const exact = db
      .select()
      .from(pending)
      .where(eq(pending.address, titleOrAddress as Address))
      .get();
    if (exact) return [exact];
    return (
      db
        .select()
        .from(pending)
        .where(eq(pending.titleKey, keyOf(tidy(titleOrAddress))))
        // In the order of their coming: who knocks later moves no number that main was shown.
        .orderBy(sql`rowid`)
        .all()
    );
  }

  /** All that wait: at most 100. */
  list(): (typeof pending.$inferSelect)[] {
    return this.#office.db.select().from(pending).orderBy(pending.at).all();
  }

  #admit({ address, chat, sender }: ArriveRequest): GroupSettings {
    const deed = {
      what: "registered" as const,
      who: `${parseAddress(address).channel}:${sender.id}`,
      from: "ALLOW_FROM",
    };
    const person = { address, type: "direct" as const, title: chat.title ?? sender.name };
    return this.#office.transaction(() => this.#groups.register(person, { main: false }, deed));
  }

  #wait({ address, chat }: ArriveRequest): Arrival {
    const { db, now, config } = this.#office;
    const title = tidy(chat.title ?? "") || address;
    return this.#office.transaction(() => {
      if (!this.#roomFor(address)) return { reason: "too many chats wait to be registered" };
      const row = { title, titleKey: keyOf(title), at: now() };
      db.insert(pending)
        .values({ ...row, address })
        .onConflictDoUpdate({ target: pending.address, set: row })
        .run();
      const text = `I was spoken to in the chat "${title}" (${address}), which is not registered. To let me answer there, write: add group "${title}"`;
      this.#errands.tell(`pending:${address}:${dayOf(now(), config.TIMEZONE)}`, text);
      return { pending: true };
    });
  }

  /** A new chat takes the place of one that was silent for a day; where there is none it has to wait. */
  #roomFor(address: Address): boolean {
    const { db, now } = this.#office;
    db.delete(pending)
      .where(lt(pending.at, now() - IDLE_MS))
      .run();
    if (db.select().from(pending).where(eq(pending.address, address)).get()) return true;
    const count = db.select({ n: sql<number>`count(*)` }).from(pending).get()!.n;
    if (count < MOST_PENDING) return true;
    const oldest = db.select().from(pending).orderBy(pending.at).limit(1).get()!;
    if (oldest.at > now() - 24 * HOUR) return false;
    db.delete(pending).where(eq(pending.address, oldest.address)).run();
    return true;
  }

  /** One code a chat and hour. The event that was answered with it gets a code again, should the first have been lost. */
  #pair({ address, chat, sender, key }: ArriveRequest): Arrival {
    const { db, now } = this.#office;
    const { channel } = parseAddress(address);
    return this.#office.transaction(() => {
      db.delete(pairings).where(lte(pairings.expiresAt, now())).run();
      const past = db.select().from(pairings).where(eq(pairings.address, address)).get();
      const again = past !== undefined && key !== undefined && past.key === key;
      if (past && !past.approved && !again) return { reason: "the person waits to be approved" };
      const open = and(eq(pairings.channel, channel), eq(pairings.approved, false));
      const count = db.select({ n: sql<number>`count(*)` }).from(pairings).where(open).get()!.n;
      if (!again && count >= MOST_PAIRINGS) return { reason: "too many people wait to be approved" };
      const code = newCode(8);
      const title = tidy(chat.title ?? sender.name) || address;
      const row = { channel, hash: hashOf(code), title, key, approved: false, expiresAt: now() + HOUR };
      db.insert(pairings)
        .values({ ...row, address })
        .onConflictDoUpdate({ target: pairings.address, set: row })
        .run();
      const text = `${title} (${address}) would like to talk to me. To allow it, write: /approve ${code}`;
      this.#errands.tell(`pairing:${row.hash}`, text);
      return { pairing: code };
    });
  }
}
