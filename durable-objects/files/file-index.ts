import { and, asc, count, eq, gt, gte, lt, sql } from "drizzle-orm";
import type { Author, FileError, FileInfo } from "../../agent/notebook.ts";
import type { Database } from "../database.ts";
import { prepared } from "../prepared.ts";
import type { Content } from "./file-objects.ts";
import { fileCounters, files } from "./schema.ts";

/** A file without its text. */
export type Head = Omit<typeof files.$inferSelect, "text" | "by" | "name" | "source"> & { isText: boolean };

const HEAD = {
  path: files.path,
  size: files.size,
  sha256: files.sha256,
  key: files.key,
  version: files.version,
  updatedAt: files.updatedAt,
  trust: files.trust,
  isText: sql<boolean>`${files.text} is not null`.mapWith(Boolean),
};

const HEAD_OF = prepared((db) =>
  db
    .select(HEAD)
    .from(files)
    .where(eq(files.path, sql.placeholder("path")))
    .prepare(),
);
const TEXT_OF = prepared((db) => {
  const same = eq(files.path, sql.placeholder("path"));
  return db.select({ text: files.text }).from(files).where(same).prepare();
});

/** The rows of a folder. Paths are relative and normalised; "" is the folder itself. */
export class FileIndex {
  readonly #db: Database;
  readonly #mount: string;

  constructor(db: Database, mount: string) {
    this.#db = db;
    this.#mount = mount;
  }

  head(path: string): Head | undefined {
    return HEAD_OF(this.#db).get({ path });
  }

  text(path: string): string | null | undefined {
    return TEXT_OF(this.#db).get({ path })?.text;
  }

  info(path: string): FileInfo | undefined {
    const head = this.head(path);
    return head && this.#info(head);
  }

  list(folder: string): FileInfo[] {
    return this.#heads(folder).map((head) => this.#info(head));
  }

  isFolder(path: string): boolean {
    return (
      path === "" ||
      this.#db.select({ path: files.path }).from(files).where(under(path)).limit(1).get() !== undefined
    );
  }

  /** Why a path cannot be read. */
  absent(path: string): FileError {
    return { error: this.isFolder(path) ? "is-directory" : "not-found", path: this.absolute(path) };
  }

  absolute(path: string): string {
    return path ? `${this.#mount}/${path}` : this.#mount;
  }

  count(): number {
    return this.#db.select({ files: count() }).from(files).get()?.files ?? 0;
  }

  /** Files that changed after a version, small ones first. */
  changedSince(version: number): FileInfo[] {
    const changed = this.#db
      .select(HEAD)
      .from(files)
      .where(gt(files.version, version))
      .orderBy(asc(files.size))
      .all();
    return changed.map((head) => this.#info(head));
  }

  /** Writes or, without content, removes a row. */
  put(
    path: string,
    key: string,
    content: Content | undefined,
    made: Author & { version: number; at: number },
  ): void {
    if (!content) return void this.#db.delete(files).where(eq(files.path, path)).run();
    const { sha256, text, bytes } = content;
    const { by, name, trust, source = null, version, at } = made;
    const row = { size: bytes.length, sha256, key, version, text, updatedAt: at, by, name, trust, source };
    this.#db
      .insert(files)
      .values({ path, ...row })
      .onConflictDoUpdate({ target: files.path, set: row })
      .run();
  }

  get version(): number {
    return this.#db.select().from(fileCounters).where(eq(fileCounters.name, "own")).get()?.value ?? 0;
  }

  set version(value: number) {
    const row = { name: "own" as const, value };
    this.#db
      .insert(fileCounters)
      .values(row)
      .onConflictDoUpdate({ target: fileCounters.name, set: { value } })
      .run();
  }

  #heads(folder: string): Head[] {
    return this.#db
      .select(HEAD)
      .from(files)
      .where(folder ? under(folder) : undefined)
      .orderBy(asc(files.path))
      .all();
  }

  #info({ path, size, version, updatedAt, isText, trust }: Head): FileInfo {
    return { path: this.absolute(path), size, version, updatedAt, text: isText, ...label(trust) };
  }
}

function label(trust: Author["trust"]): { outside?: true } {
  return trust === "outside" ? { outside: true } : {};
}

/** "0" is the character after "/": a range that the key's order answers, whatever the names hold. */
function under(folder: string) {
  return and(gte(files.path, `${folder}/`), lt(files.path, `${folder}0`));
}
