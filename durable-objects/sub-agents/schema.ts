/** Sub-agents. docs/storage.md says who writes them and how long their rows live. */
import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** A piece of work that a turn gave away: a turn of its own beside the chat. */
export const subAgents = sqliteTable(
  "sub_agents",
  {
    id: text().primaryKey(),
    /** What people call it: 1, 2, 3 … in this chat, never given twice. */
    number: integer().notNull(),
    /** The step that made it: the same step makes one. */
    key: text().notNull(),
    /** The turn that made it: it has that turn's rights, asked for again at each call. */
    parent: text().notNull(),
    /** The turn that it is. */
    turn: text().notNull(),
    label: text().notNull(),
    task: text().notNull(),
    state: text({ enum: ["working", "done", "failed", "stopped"] }).notNull(),
    error: text(),
    createdAt: integer("created_at").notNull(),
    endedAt: integer("ended_at"),
  },
  (table) => [
    uniqueIndex("sub_agents_number").on(table.number),
    uniqueIndex("sub_agents_key").on(table.key),
    index("sub_agents_working").on(table.id).where(sql`state = 'working'`),
  ],
);
