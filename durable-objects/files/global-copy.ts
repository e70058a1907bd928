import { and, asc, eq, gte, lt, sql } from "drizzle-orm";
import { type Author, type Change, type FileInfo, type FileResult, GLOBAL } from "../../agent/notebook.ts";
import type { Database } from "../database.ts";
import type { GlobalSnapshot } from "../directory/rpc.ts";
import { prepared } from "../prepared.ts";
import { globalCopy } from "./global-copy-schema.ts";
import { fileCounters } from "./schema.ts";

/** The directory's `global/` as a group reaches it. Paths are workspace paths. */
export interface GlobalFiles {
  snapshot(since: number): Promise<GlobalSnapshot>;
  bytes(path: string): Promise<FileResult<{ bytes: Uint8Array; info: FileInfo }>>;
  /** The directory checks again who asks. */
  write(changes: Change[], author: Author): Promise<FileResult<{ written: FileInfo[] }>>;
}

const VERSION = prepared((db) =>
  db.select().from(fileCounters).where(eq(fileCounters.name, "copy")).prepare(),
);
const FILE = prepared((db) =>
  db
    .select()
    .from(globalCopy)
    .where(eq(globalCopy.path, sql.placeholder("path")))
    .prepare(),
);

/**
 * A group's copy of the global files, kept in its own SQLite so that lists, searches and prompts need no call, also
 * right after a restart. It is as new as the last `pull`.
 */
export class GlobalCopy {
  readonly #storage: DurableObjectStorage;
  readonly #db: Database;
  readonly #source: GlobalFiles;

  constructor(storage: DurableObjectStorage, db: Database, source: GlobalFiles) {
    this.#storage = storage;
    this.#db = db;
    this.#source = source;
  }

  get version(): number {
    return VERSION(this.#db).get()?.value ?? 0;
  }

  /** Takes over what changed. An answer that is older than the copy is dropped: pulls may overtake each other. */
  async pull(): Promise<void> {
    const snapshot = await this.#source.snapshot(this.version);
    this.#storage.transactionSync(() => {
      if (snapshot.version > this.version) this.#take(snapshot);
    });
  }

  async read(path: string): Promise<FileResult<{ text: string; info: FileInfo }>> {
    const file = this.#get(path);
    if (!file) return this.#absent(path);
    const { info, text } = file;
    return text === undefined
      ? { ok: false, error: "binary", path: info.path, size: info.size }
      : { ok: true, text, info };
  }

  async bytes(path: string): Promise<FileResult<{ bytes: Uint8Array; info: FileInfo }>> {
    const file = this.#get(path);
    if (!file) return this.#absent(path);
    if (file.text === undefined) return this.#source.bytes(path);
    return { ok: true, bytes: new TextEncoder().encode(file.text), info: file.info };
  }

  text(path: string): string | undefined {
    return this.#get(path)?.text;
  }

  #get(path: string): { info: FileInfo; text: string | undefined } | undefined {
    const row = FILE(this.#db).get({ path });
    return row && { info: infoOf({ ...row, isText: row.text !== null }), text: row.text ?? undefined };
  }

  list(folder: string): FileInfo[] {
    const { path, size, version, updatedAt, text } = globalCopy;
    const isText = sql<boolean>`${text} is not null`.mapWith(Boolean);
    const below = and(gte(path, `${folder}/`), lt(path, `${folder}0`));
    return this.#db
      .select({ path, size, version, updatedAt, isText })
      .from(globalCopy)
      .where(below)
      .orderBy(asc(path))
      .all()
      .map(infoOf);
  }

  #absent(path: string): { ok: false; error: "is-directory" | "not-found"; path: string } {
    const isFolder = path === GLOBAL || this.list(path).length > 0;
    return { ok: false, error: isFolder ? "is-directory" : "not-found", path };
  }

  #take(snapshot: GlobalSnapshot): void {
    const there = new Set(snapshot.paths);
    for (const { path } of this.list(GLOBAL)) {
      if (!there.has(path)) this.#db.delete(globalCopy).where(eq(globalCopy.path, path)).run();
    }
    for (const { info, text } of snapshot.files) {
      const { path, size, version, updatedAt } = info;
      const row = { size, version, updatedAt, text: text ?? null };
      this.#db
        .insert(globalCopy)
        .values({ path, ...row })
        .onConflictDoUpdate({ target: globalCopy.path, set: row })
        .run();
    }
    const counter = { name: "copy" as const, value: snapshot.version };
    const set = { value: snapshot.version };
    this.#db
      .insert(fileCounters)
      .values(counter)
      .onConflictDoUpdate({ target: fileCounters.name, set })
      .run();
  }
}

function infoOf(row: {
  path: string;
  size: number;
  version: number;
  updatedAt: number;
  isText: boolean;
}): FileInfo {
  const { path, size, version, updatedAt, isText } = row;
  return { path, size, version, updatedAt, text: isText };
}
