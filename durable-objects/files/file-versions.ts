import { and, desc, eq, notInArray } from "drizzle-orm";
import type { Author } from "../../agent/notebook.ts";
import type { Database } from "../database.ts";
import { fileVersions } from "./schema.ts";

/** Contents kept of each memory file. */
export const KEPT_VERSIONS = 20;

/** One kept content of a memory file. */
export interface FileVersion {
  version: number;
  /** Milliseconds since the epoch. */
  at: number;
  by: string;
  name: string;
  trust: Author["trust"];
  /** The message that it came from: its id in the inbox; of a command its key. */
  source?: string;
  /** Undefined where the file was removed. */
  text: string | undefined;
}

/** The kept contents of a file, newest first. The first is what it is now. */
export function versionsOf(db: Database, path: string): FileVersion[] {
  const rows = db
    .select()
    .from(fileVersions)
    .where(eq(fileVersions.path, path))
    .orderBy(desc(fileVersions.version))
    .all();
  return rows.map(({ path: _, text, source, ...row }) => {
    return { ...row, text: text ?? undefined, ...(source ? { source } : {}) };
  });
}

/** Every file of which contents are kept, also those that were removed. */
export function keptPaths(db: Database): string[] {
  const rows = db.selectDistinct({ path: fileVersions.path }).from(fileVersions).all();
  return rows.map(({ path }) => path);
}

/** Keeps a memory file's new content; null for its removal. Forgets what is older than the last 20. */
export function keepVersion(
  db: Database,
  path: string,
  text: string | null,
  made: Author & { version: number; at: number },
): void {
  const { version, at, by, name, trust, source = null } = made;
  db.insert(fileVersions).values({ path, version, text, at, by, name, trust, source }).run();
  const mine = eq(fileVersions.path, path);
  const newest = db.select({ version: fileVersions.version }).from(fileVersions).where(mine);
  const kept = newest.orderBy(desc(fileVersions.version)).limit(KEPT_VERSIONS);
  db.delete(fileVersions)
    .where(and(mine, notInArray(fileVersions.version, kept)))
    .run();
}
