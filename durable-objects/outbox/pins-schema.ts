import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Files that were sent or are to be: their objects in R2, by content. A row is there before its object. */
export const pins = sqliteTable("pins", {
  /** The R2 key: `media/<folder>/<sha256>`. */
  key: text().primaryKey(),
  /** Milliseconds; when it was queued last. */
  at: integer().notNull(),
});
