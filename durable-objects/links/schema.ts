import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Address } from "../../channels/channel.ts";
import type { Command, Result } from "../../channels/frames.ts";

/** What the companion is asked to do. Two days, so that a repeated question finds its answer. */
export const commands = sqliteTable(
  "commands",
  {
    /** The order in which they are sent. */
    seq: integer().primaryKey({ autoIncrement: true }),
    /** The asker's key: the same id is done once. */
    id: text().notNull(),
    channel: text().notNull(),
    command: text({ mode: "json" }).$type<Command>().notNull(),
    /** The companion that it was sent to; null before. */
    sentTo: text("sent_to"),
    /** The companion said that it is on its disk. */
    acked: integer({ mode: "boolean" }).notNull().default(false),
    result: text({ mode: "json" }).$type<Result>(),
    /** Milliseconds. */
    at: integer().notNull(),
  },
  (table) => [
    uniqueIndex("commands_by_id").on(table.id),
    index("commands_open").on(table.seq).where(sql`result is null`),
    index("commands_by_time").on(table.at),
  ],
);

/** Groups that asked while nobody could work for them. Until they were told that somebody can; two days at most. */
export const askers = sqliteTable("askers", {
  address: text().$type<Address>().primaryKey(),
  channel: text().notNull(),
  /** How often it asked: a question that comes while it is being told is not lost. */
  asked: integer().notNull(),
  /** Milliseconds; when it asked last. */
  at: integer().notNull(),
});

/** Small values: the epoch, which companion has the line, since when it is gone and whether main was told. */
export const facts = sqliteTable("facts", {
  name: text().primaryKey(),
  value: text({ mode: "json" }).$type<unknown>().notNull(),
});
