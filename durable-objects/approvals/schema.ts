/** What waits for somebody's yes. docs/storage.md says who writes it and how long its rows live. */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Address } from "../../channels/channel.ts";

/** Who answered, as the platform and the rows of the chat say it. */
export interface Decider {
  role: "main" | "member";
  /** Ids with their channel; the first is shown. */
  ids: readonly string[];
  name: string;
}

/** A call of a tool that waits for somebody's yes, here or (in main) in another chat; and what became of it. */
export const approvals = sqliteTable(
  "approvals",
  {
    id: text().primaryKey(),
    /** What people call it: 1, 2, 3 … in this chat, never given twice. */
    number: integer().notNull(),
    /** The step that asks, or the chat and number there: the same cause asks once. */
    key: text().notNull(),
    /** Of another chat's call: the chat, and its number there. The rest of the call is that chat's. */
    origin: text().$type<Address>(),
    originNumber: integer("origin_number"),
    /** The turn and step that asked. */
    turn: text(),
    step: text(),
    /** For whom its turn asked: their ids. */
    asker: text(),
    thread: text().notNull(),
    tool: text().notNull(),
    /** The arguments as the model wrote them. */
    input: text().notNull(),
    /** SHA-256 over chat, tool, arguments and the versions of files that they name, in hex. */
    hash: text().notNull(),
    /** Who is asked in this chat. Empty where nobody is. */
    asked: text().notNull(),
    why: text().notNull(),
    state: text({ enum: ["asked", "approved", "denied", "expired", "done", "refused"] }).notNull(),
    /** Main is still to be asked. */
    relay: integer({ mode: "boolean" }).notNull(),
    trust: text({ enum: ["owner", "member", "outside"] }).notNull(),
    decidedBy: text("decided_by", { mode: "json" }).$type<Decider>(),
    /** The chat in which it was decided, or `console`. */
    decidedIn: text("decided_in"),
    /** The turn that runs the call. */
    run: text(),
    createdAt: integer("created_at").notNull(),
    expiresAt: integer("expires_at").notNull(),
    endedAt: integer("ended_at"),
    /** What became of the call, for people. */
    result: text(),
  },
  (table) => [
    uniqueIndex("approvals_number").on(table.number),
    uniqueIndex("approvals_key").on(table.key),
    index("approvals_open").on(table.expiresAt).where(sql`state = 'asked'`),
    index("approvals_relay").on(table.id).where(sql`relay = 1`),
    index("approvals_run").on(table.run).where(sql`run is not null`),
  ],
);
