/** The tables of a folder of files, in a group's object and in the directory. docs/storage.md tells their life. */
import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** The folder: one row a file. This is what readers see; R2 follows it. */
export const files = sqliteTable(
  "files",
  {
    /** Relative to the folder, normalised. */
    path: text().primaryKey(),
    /** Bytes. */
    size: integer().notNull(),
    sha256: text().notNull(),
    /** The object in R2. */
    key: text().notNull(),
    /** The folder's version that this content came with. */
    version: integer().notNull(),
    /** The content, where it is text up to 1 MB; null for anything else. */
    text: text(),
    updatedAt: integer("updated_at").notNull(),
    by: text().notNull(),
    name: text().notNull(),
    trust: text({ enum: ["owner", "member", "outside"] }).notNull(),
    /** The message that it came from, by its id in the inbox; null where none did. */
    source: text(),
  },
  (table) => [index("files_by_key").on(table.key)],
);

/** The last 20 contents of each memory file, the present one among them. `text` is null where it was removed. */
export const fileVersions = sqliteTable(
  "file_versions",
  {
    path: text().notNull(),
    version: integer().notNull(),
    text: text(),
    at: integer().notNull(),
    by: text().notNull(),
    name: text().notNull(),
    trust: text({ enum: ["owner", "member", "outside"] }).notNull(),
    /** The message that it came from, by its id in the inbox; null where none did. */
    source: text(),
  },
  (table) => [primaryKey({ columns: [table.path, table.version] })],
);

/** One object that a write may touch. */
export interface Touched {
  path: string;
  key: string;
  /** Absent for a removal. */
  sha256?: string;
  size?: number;
}

/** Writes whose objects in R2 may differ from the index. Empty but while a write runs or after a crash in one. */
export const fileIntents = sqliteTable("file_intents", {
  id: text().primaryKey(),
  batch: text({ mode: "json" }).$type<Touched[]>().notNull(),
  at: integer().notNull(),
});

/** `own`: the folder's version. `copy`: the version of a group's copy of `global/`. `mounts`: changes seen in mounts. */
export const fileCounters = sqliteTable("file_counters", {
  name: text({ enum: ["own", "copy", "mounts"] }).primaryKey(),
  value: integer().notNull(),
});
