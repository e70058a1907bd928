import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What a group knows of the files that main mounted: one row an object of the bucket. The bucket is the truth. */
export const mountCopy = sqliteTable("mount_copy", {
  key: text().primaryKey(),
  etag: text().notNull(),
  /** Bytes. */
  size: integer().notNull(),
  /** Grows with every change that was seen; never used twice. */
  version: integer().notNull(),
  /** Milliseconds. */
  updatedAt: integer("updated_at").notNull(),
  /** People of another group wrote it, or a turn that had read text from outside. */
  outside: integer({ mode: "boolean" }).notNull(),
  /** The content of this etag was looked at: `text` is it, or null where it is no text. */
  read: integer({ mode: "boolean" }).notNull(),
  text: text(),
});
