import type { Author, Change, FileInfo, FileResult } from "../../agent/notebook.ts";
import { placeIn } from "../../agent/paths.ts";
import { lowest } from "../../agent/trust.ts";
import type { GlobalSnapshot } from "../directory/rpc.ts";
import { FileIndex } from "./file-index.ts";
import { type FileVersion, keptPaths, versionsOf } from "./file-versions.ts";
import { type FileStoreParts, FileWriter } from "./file-writer.ts";

/** Text that one snapshot carries, in characters; larger files beyond it come without. An RPC message has 32 MB. */
const SNAPSHOT_TEXT = 8_000_000;

/**
 * A folder of files. The index in SQLite says what there is and holds text up to 1 MB itself; R2 holds every file and
 * follows the index. Paths are workspace paths in any spelling; this object must be the folder's only writer.
 *
 * A write, and what a kill leaves at each point:
 * 1. The intent row names every key that the write may touch. After it: nothing has changed.
 * 2. The puts. Text goes over its old object, anything else to a key of its own (see `keyOf`). Readers still see the
 *    old state: text comes from SQLite, the index points to the old objects. `repair` puts the old text back and
 *    deletes objects that no row points to.
 * 3. One transaction: index, versions, the caller's `commit`, and the intent becomes the list of objects that no row
 *    points to any more. From here on readers see the new state.
 * 4. Those objects are deleted, then the intent. `repair` repeats that.
 * So every open intent is settled by one rule, "make R2 what the index says", which may run any number of times.
 *
 * A superseded instance cannot reach 2: its intent row fails and the output gate holds the puts. A put that was on its
 * way during a crash may land after the repair; a text's object is then ahead of the index until the next write of
 * that file, and no reader looks at it.
 *
 * Writes and repairs of one folder run one after the other, so a `Change.expect` that was true when the write began is
 * true when it commits.
 */
export class FileStore {
  readonly #parts: FileStoreParts;
  readonly #index: FileIndex;
  readonly #writer: FileWriter;

  constructor(parts: FileStoreParts) {
    this.#parts = parts;
    this.#index = new FileIndex(parts.db, parts.mount);
    this.#writer = new FileWriter(parts, this.#index);
  }

  async read(path: string): Promise<FileResult<{ text: string; info: FileInfo }>> {
    const place = placeIn(this.#parts.mount, path);
    if (!place.ok) return place;
    const info = this.#index.info(place.rest);
    const text = this.#index.text(place.rest);
    if (!info) return { ok: false, ...this.#index.absent(place.rest) };
    if (typeof text !== "string") return { ok: false, error: "binary", path: info.path, size: info.size };
    return { ok: true, text, info };
  }

  /** A text that the object holds, at once. */
  text(path: string): string | undefined {
    const place = placeIn(this.#parts.mount, path);
    return place.ok ? (this.#index.text(place.rest) ?? undefined) : undefined;
  }

  /** The bytes of any file. */
  async bytes(path: string): Promise<FileResult<{ bytes: Uint8Array; info: FileInfo }>> {
    const place = placeIn(this.#parts.mount, path);
    if (!place.ok) return place;
    const tried = new Set<string>();
    for (;;) {
      const head = this.#index.head(place.rest);
      // The same key twice: the row was not replaced while we asked, the object is gone from the bucket.
      if (!head || tried.has(head.key)) return { ok: false, ...this.#index.absent(place.rest) };
      const info = this.#index.info(place.rest)!;
      if (head.isText)
        return { ok: true, bytes: new TextEncoder().encode(this.#index.text(place.rest)!), info };
      tried.add(head.key);
      const object = await this.#parts.bucket.get(head.key);
      if (object) return { ok: true, bytes: new Uint8Array(await object.arrayBuffer()), info };
    }
  }

  /** Every file under a folder, sorted by path. */
  list(folder: string): FileInfo[] {
    const place = placeIn(this.#parts.mount, folder);
    return place.ok ? this.#index.list(place.rest) : [];
  }

  count(): number {
    return this.#index.count();
  }

  /** Changes files, all or none (see the class). A content that is already there is not written again. */
  write(
    changes: Change[],
    author: Author,
    commit?: () => void,
  ): Promise<FileResult<{ written: FileInfo[] }>> {
    return this.#writer.write(changes, author, commit);
  }

  /** Settles what a crash left open. Call it at every boot; readers need not wait for it, writes do by themselves. */
  repair(): Promise<void> {
    return this.#writer.repair();
  }

  /** The kept contents of a memory file, newest first. The first is what it is now. */
  versions(path: string): FileVersion[] {
    const place = placeIn(this.#parts.mount, path);
    return place.ok ? versionsOf(this.#parts.db, place.rest) : [];
  }

  /** The paths of which contents are kept. */
  kept(): string[] {
    return keptPaths(this.#parts.db).map((path) => this.#index.absolute(path));
  }

  /** Makes a kept content the newest one. Nothing is lost: what it replaces is kept as well. */
  async restore(
    path: string,
    version: number,
    author: Author,
    commit?: () => void,
  ): Promise<FileResult<{ written: FileInfo[] }>> {
    const kept = this.versions(path).find((other) => other.version === version);
    if (!kept) return { ok: false, error: "not-found", path };
    const change = kept.text === undefined ? { path, remove: true as const } : { path, content: kept.text };
    return this.write([change], { ...author, trust: lowest(author.trust, kept.trust) }, commit);
  }

  /** Grows with every change. */
  get version(): number {
    return this.#index.version;
  }

  /** What a copy of version `since` has to take over, small files first as long as their text fits into a message. */
  changesSince(since: number): GlobalSnapshot {
    let room = SNAPSHOT_TEXT;
    const snapshot = this.#index.changedSince(since).map((info) => {
      const text = info.text ? this.#index.text(info.path.slice(this.#parts.mount.length + 1)) : undefined;
      room -= text?.length ?? 0;
      return typeof text === "string" && room >= 0 ? { info, text } : { info: { ...info, text: false } };
    });
    return { version: this.version, files: snapshot, paths: this.#index.list("").map((info) => info.path) };
  }
}
