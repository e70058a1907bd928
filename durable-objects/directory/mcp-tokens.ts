import { count, desc, eq } from "drizzle-orm";
import type { Address } from "../../channels/channel.ts";
import { newCode, newToken } from "../clock.ts";
import type { Groups } from "./groups.ts";
import type { Office } from "./office.ts";
import type { Told } from "./rpc.ts";
import { mcpTokens } from "./schema.ts";
import { hashOf, tidy } from "./secrets.ts";

const HOUR_MS = 3600_000;
/** Tokens of one chat. */
const MOST = 20;
/** What a token begins with, so that scanners of code know it for a secret. */
const PREFIX = "nfm_";

/** A token as an operator sees it. */
export interface McpTokenView {
  id: string;
  address: Address;
  group: string;
  label: string;
  /** Milliseconds. */
  createdAt: number;
  usedAt: number | null;
}

/** `open`: which chat a token opens. */
export type McpTokenRequest =
  | { verb: "make"; group: string; label: string }
  | { verb: "revoke"; id: string }
  | { verb: "list" }
  | { verb: "open"; token: string };

/** `said` is for people; the others are what was asked for. */
export interface McpTokenAnswer extends Told {
  /** A new one, shown once. */
  token?: string;
  tokens?: McpTokenView[];
  holder?: { id: string; address: Address };
}

/** Tokens of chats for other agents. Only hashes are kept. */
export class McpTokens {
  readonly #office: Office;
  readonly #groups: Groups;

  constructor(office: Office, groups: Groups) {
    this.#office = office;
    this.#groups = groups;
  }

  ask(request: McpTokenRequest): McpTokenAnswer {
    switch (request.verb) {
      case "make":
        return this.#make(request.group, request.label);
      case "revoke":
        return this.#revoke(request.id);
      case "list":
        return { ok: true, said: "", tokens: this.#list() };
      case "open":
        return this.#open(request.token);
    }
  }

  /** A new token of a registered chat. It is shown once. */
  #make(nameOrAddress: string, label: string): McpTokenAnswer {
    const [row, other] = this.#groups.find(nameOrAddress);
    if (!row?.registered || other)
      return { ok: false, said: `There is no one registered chat called "${nameOrAddress.slice(0, 80)}".` };
    const { db, now } = this.#office;
    const mine = db.select({ many: count() }).from(mcpTokens).where(eq(mcpTokens.address, row.address)).get();
    if ((mine?.many ?? 0) >= MOST)
      return { ok: false, said: `A chat has at most ${MOST} tokens; revoke one first.` };
    const [id, token] = [newCode(6), PREFIX + newToken()];
    const held = { id, address: row.address, label: tidy(label) || "no name" };
    this.#office.transaction(() => {
      db.insert(mcpTokens)
        .values({ ...held, hash: hashOf(token), createdAt: now(), usedAt: null })
        .run();
      this.#record("made an MCP token", row.address, id, held.label);
    });
    return {
      ok: true,
      said: `Token ${id} of "${row.name}" (${held.label}). It is shown only now.`,
      token,
    };
  }

  #revoke(id: string): McpTokenAnswer {
    const row = this.#office.db.select().from(mcpTokens).where(eq(mcpTokens.id, id.toUpperCase())).get();
    if (!row) return { ok: false, said: `There is no token ${id.slice(0, 20)}.` };
    this.#office.transaction(() => {
      this.#office.db.delete(mcpTokens).where(eq(mcpTokens.id, row.id)).run();
      this.#record("revoked an MCP token", row.address, row.id, row.label);
    });
    return { ok: true, said: `Token ${row.id} (${row.label}) is revoked.` };
  }

  #list(): McpTokenView[] {
    const rows = this.#office.db.select().from(mcpTokens).orderBy(desc(mcpTokens.createdAt)).limit(500).all();
    return rows.map(({ hash: _, ...row }) => ({
      ...row,
      group: this.#groups.get(row.address)?.name ?? row.address,
    }));
  }

  /** The chat that a token opens, while it is registered. */
  #open(token: string): McpTokenAnswer {
    const { db, now } = this.#office;
    const hashed = eq(mcpTokens.hash, hashOf(token));
    const row = token.startsWith(PREFIX) ? db.select().from(mcpTokens).where(hashed).get() : undefined;
    if (!row || !this.#groups.get(row.address)?.registered)
      return { ok: false, said: "No chat is opened by this token." };
    if ((row.usedAt ?? 0) + HOUR_MS <= now()) db.update(mcpTokens).set({ usedAt: now() }).where(hashed).run();
    return { ok: true, said: "", holder: { id: row.id, address: row.address } };
  }

  #record(
    what: "made an MCP token" | "revoked an MCP token",
    subject: Address,
    id: string,
    label: string,
  ): void {
    this.#office.record({ what, subject, who: "owner", from: "console", detail: `${id}, ${label}` });
  }
}
