import { asc, eq } from "drizzle-orm";
import { isMemory } from "../../agent/memory.ts";
import type { Author, Change, FileError, FileInfo, FileResult, GLOBAL, HOME } from "../../agent/notebook.ts";
import { type Placed, placeIn } from "../../agent/paths.ts";
import type { Database } from "../database.ts";
import type { FileIndex } from "./file-index.ts";
import { type Content, contentOf, deleteObjects, inParallel, keyOf } from "./file-objects.ts";
import { keepVersion } from "./file-versions.ts";
import { fileIntents, files, type Touched } from "./schema.ts";

/** Most files of a folder. */
export const MAX_FILES = 5_000;

/** Objects that are settled before that is noted, so that a repair gets on however few requests one boot may make. */
const PAGE = 50;

/** What a folder of files stands on. */
export interface FileStoreParts {
  storage: DurableObjectStorage;
  db: Database;
  bucket: R2Bucket;
  /** Where the folder is seen in the workspace. */
  mount: typeof HOME | typeof GLOBAL;
  /** Where it lies in R2: `groups/<folder>/` or `global/`. Asked at each write; throws where there is no folder yet. */
  prefix(): string;
  /** Milliseconds since the epoch. */
  now(): number;
  newId(): string;
}

interface Entry extends Touched {
  /** Undefined for a removal. */
  content?: Content;
}

type Written = FileResult<{ written: FileInfo[] }>;

/** Changes a folder, one write after the other. `FileStore` says what a crash leaves at each point. */
export class FileWriter {
  readonly #parts: FileStoreParts;
  readonly #index: FileIndex;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: FileStoreParts, index: FileIndex) {
    this.#parts = parts;
    this.#index = index;
  }

  write(changes: Change[], author: Author, commit?: () => void): Promise<Written> {
    return this.#oneByOne(() => this.#write(changes, author, commit));
  }

  repair(): Promise<void> {
    return this.#oneByOne(async () => {
      for (const intent of this.#parts.db.select().from(fileIntents).orderBy(asc(fileIntents.id)).all()) {
        await this.#settle(intent.id, intent.batch);
      }
    });
  }

  async #write(changes: Change[], author: Author, commit?: () => void): Promise<Written> {
    const plan = await this.#plan(changes);
    if (!plan.ok) return plan;
    const refusal = this.#refusal(plan.entries);
    if (refusal) return { ok: false, ...refusal };
    const entries = plan.entries.filter((entry) => this.#index.head(entry.path)?.sha256 !== entry.sha256);
    if (entries.length) await this.#change(entries, author, commit);
    else this.#parts.storage.transactionSync(() => commit?.());
    return { ok: true, written: plan.entries.flatMap((entry) => this.#index.info(entry.path) ?? []) };
  }

  /** Normalises and measures a batch. Of two changes of one file the later counts. */
  async #plan(changes: Change[]): Promise<FileResult<{ entries: Entry[] }>> {
    const entries = new Map<string, Entry>();
    for (const change of changes) {
      const place = placeIn(this.#parts.mount, change.path);
      if (!place.ok) return place;
      const entry = await this.#entry(change, place, entries.has(place.rest));
      if ("error" in entry) return { ok: false, ...entry };
      entries.set(place.rest, entry);
    }
    const gone = (entry: Entry) => !entry.content && !this.#index.head(entry.path);
    return { ok: true, entries: [...entries.values()].filter((entry) => !gone(entry)) };
  }

  async #entry(change: Change, place: Placed, again: boolean): Promise<Entry | FileError> {
    const { rest: path, absolute } = place;
    const old = this.#index.head(path);
    if (change.expect !== undefined && (old?.version ?? 0) !== change.expect)
      return { error: "conflict", path: absolute };
    if ("remove" in change) return old || again ? { path, key: old?.key ?? "" } : this.#index.absent(path);
    const content = await contentOf(absolute, change.content);
    if ("error" in content) return content;
    const { sha256, bytes } = content;
    return { path, key: keyOf(this.#parts.prefix(), path, content), sha256, size: bytes.length, content };
  }

  /** A file may not stand where a folder is, nor a folder where a file is, and there is a limit. */
  #refusal(entries: Entry[]): FileError | undefined {
    const after = new Map(entries.map((entry) => [entry.path, entry.content !== undefined]));
    const isFile = (path: string) => after.get(path) ?? this.#index.head(path) !== undefined;
    for (const { path, content } of entries) {
      if (!content) continue;
      if (path === "" || this.#holds(path, after))
        return { error: "is-directory", path: this.#index.absolute(path) };
      const parent = parentsOf(path).find(isFile);
      const reason = `${this.#index.absolute(parent ?? "")} is a file`;
      if (parent) return { error: "bad-path", path: this.#index.absolute(path), reason };
    }
    return this.#tooMany(entries);
  }

  /** Whether there will be files below a path. */
  #holds(path: string, after: Map<string, boolean>): boolean {
    const below = `${path}/`;
    for (const [other, stays] of after) if (stays && other.startsWith(below)) return true;
    if (!this.#index.isFolder(path)) return false;
    const skip = this.#parts.mount.length + 1;
    return this.#index.list(path).some((info) => after.get(info.path.slice(skip)) !== false);
  }

  #tooMany(entries: Entry[]): FileError | undefined {
    const known = entries.map((entry) => ({ ...entry, old: this.#index.head(entry.path) !== undefined }));
    const added = known.filter((entry) => entry.content && !entry.old);
    const removed = known.filter((entry) => !entry.content && entry.old);
    if (added.length === 0 || this.#index.count() + added.length - removed.length <= MAX_FILES)
      return undefined;
    return { error: "too-many", path: this.#index.absolute(added[0]!.path), limit: MAX_FILES };
  }

  async #change(entries: Entry[], author: Author, commit?: () => void): Promise<void> {
    const { db, storage, now, newId } = this.#parts;
    const intent = { id: newId(), batch: entries.map(({ content: _, ...touched }) => touched), at: now() };
    db.insert(fileIntents).values(intent).run();
    let leftovers = intent.batch;
    try {
      await this.#put(entries);
      leftovers = storage.transactionSync(() => this.#commit(intent.id, entries, author, commit));
    } finally {
      // The write has already failed or succeeded: if R2 can't be tidied now, the next boot does it.
      if (leftovers.length) await this.#settle(intent.id, leftovers).catch(() => {});
    }
  }

  #put(entries: Entry[]): Promise<void> {
    return inParallel(entries, async ({ key, content }) => {
      if (content) await this.#parts.bucket.put(key, content.bytes, { sha256: content.sha256 });
    });
  }

  /** Inside the transaction. Answers the objects that no row points to any more; the intent keeps them. */
  #commit(intent: string, entries: Entry[], author: Author, commit?: () => void): Touched[] {
    const made = { ...author, version: this.#index.version + 1, at: this.#parts.now() };
    const leftovers: Touched[] = [];
    for (const entry of entries) {
      const old = this.#index.head(entry.path);
      if (old && (old.key !== entry.key || !entry.content))
        leftovers.push({ path: entry.path, key: old.key });
      this.#index.put(entry.path, entry.key, entry.content, made);
      const text = entry.content ? entry.content.text : null;
      const isText = !entry.content || text !== null;
      if (isText && isMemory(entry.path)) keepVersion(this.#parts.db, entry.path, text, made);
    }
    this.#index.version = made.version;
    this.#close(intent, leftovers);
    commit?.();
    return leftovers;
  }

  /** Makes the objects of an intent what the index says they are, then forgets the intent. */
  async #settle(intent: string, batch: Touched[]): Promise<void> {
    const { db, bucket } = this.#parts;
    const rest = batch.slice(PAGE);
    // A folder that was given to another group is that group's to change.
    const own = batch.slice(0, PAGE).filter(({ key }) => key.startsWith(this.#parts.prefix()));
    const keys = [...new Set(own.map((touched) => touched.key))];
    const rows = new Map(keys.map((key) => [key, db.select().from(files).where(eq(files.key, key)).get()]));
    await deleteObjects(
      bucket,
      keys.filter((key) => !rows.get(key)),
    );
    await inParallel([...rows], async ([key, row]) => {
      if (row && row.text !== null) await bucket.put(key, row.text, { sha256: row.sha256 });
    });
    this.#close(intent, rest);
    if (rest.length > 0) await this.#settle(intent, rest);
  }

  #close(intent: string, leftovers: Touched[]): void {
    const { db } = this.#parts;
    const mine = eq(fileIntents.id, intent);
    if (leftovers.length) db.update(fileIntents).set({ batch: leftovers }).where(mine).run();
    else db.delete(fileIntents).where(mine).run();
  }

  #oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

function parentsOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => names.slice(0, index + 1).join("/"));
}
