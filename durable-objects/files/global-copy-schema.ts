import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** A group's copy of the directory's `global/`, so that prompts and searches need no call. */
export const globalCopy = sqliteTable("global_copy", {
  path: text().primaryKey(),
  size: integer().notNull(),
  version: integer().notNull(),
  text: text(),
  updatedAt: integer("updated_at").notNull(),
});
