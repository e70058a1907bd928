import { authorize } from "../agent/authorize.ts";
import {
  type Author,
  type Change,
  type FileInfo,
  type FileResult,
  GLOBAL,
  HOME,
  type Match,
  type Notebook,
  type Pattern,
} from "../agent/notebook.ts";
import { resolvePath } from "../agent/paths.ts";
import { DIRECTORY, type DirectoryRooms } from "./directory-rpc.ts";
import type { FileVersion } from "./file-versions.ts";
import { GlobalCopy, type GlobalFiles } from "./global-copy.ts";
import { FileStore } from "./notebook.ts";
import type { Room } from "./room.ts";

/** Both folders; `list` and `search` know it, nothing can be written there. */
const BOTH = /^\/*workspace\/*$/;

/**
 * A group's files: its own under `/workspace/group`, a copy of the directory's under `/workspace/global`, which main
 * may write. A batch over both is two writes: the directory's part first, then the group's with `commit`. A crash
 * between them leaves the first; the step is not done then and runs again, and writing the same again changes nothing.
 */
export class Workspace implements Notebook {
  readonly #own: FileStore;
  readonly #copy: GlobalCopy;
  readonly #globals: GlobalFiles;
  readonly #main: () => boolean;

  constructor(own: FileStore, copy: GlobalCopy, globals: GlobalFiles, main: () => boolean) {
    this.#own = own;
    this.#copy = copy;
    this.#globals = globals;
    this.#main = main;
  }

  async read(path: string): Promise<FileResult<{ text: string; info: FileInfo }>> {
    const place = resolvePath(path);
    if (!place.ok) return place;
    if (place.root === HOME) return this.#own.read(path);
    const file = this.#copy.get(place.absolute);
    if (!file) return this.#absent(place.absolute);
    const { info, text } = file;
    return text === undefined
      ? { ok: false, error: "binary", path: info.path, size: info.size }
      : { ok: true, text, info };
  }

  async bytes(path: string): Promise<FileResult<{ bytes: Uint8Array; info: FileInfo }>> {
    const place = resolvePath(path);
    if (!place.ok) return place;
    if (place.root === HOME) return this.#own.bytes(path);
    const file = this.#copy.get(place.absolute);
    if (!file) return this.#absent(place.absolute);
    if (file.text === undefined) return this.#globals.bytes(place.absolute);
    return { ok: true, bytes: new TextEncoder().encode(file.text), info: file.info };
  }

  /** A text, at once; undefined where there is none. */
  text(path: string): string | undefined {
    const place = resolvePath(path);
    if (!place.ok) return undefined;
    return place.root === HOME ? this.#own.text(path) : this.#copy.get(place.absolute)?.text;
  }

  list(folder: string): FileInfo[] {
    if (BOTH.test(folder)) return [...this.#copy.list(GLOBAL), ...this.#own.list(HOME)];
    const place = resolvePath(folder);
    if (!place.ok) return [];
    return place.root === HOME ? this.#own.list(folder) : this.#copy.list(place.absolute);
  }

  search(pattern: Pattern, folder: string, limit: number): Match[] {
    if (BOTH.test(folder)) {
      const found = this.search(pattern, GLOBAL, limit);
      return [...found, ...this.search(pattern, HOME, limit - found.length)];
    }
    const place = resolvePath(folder);
    if (!place.ok || limit <= 0) return [];
    return place.root === HOME
      ? this.#own.search(pattern, folder, limit)
      : this.#copy.search(pattern, place.absolute, limit);
  }

  async write(
    changes: Change[],
    author: Author,
    commit?: () => void,
  ): Promise<FileResult<{ written: FileInfo[] }>> {
    const own: Change[] = [];
    const global: Change[] = [];
    for (const change of changes) {
      const place = resolvePath(change.path);
      if (!place.ok) return place;
      const refusal = place.root === GLOBAL && this.#refusal(author);
      if (refusal) return { ok: false, error: "read-only", path: place.absolute, reason: refusal };
      (place.root === GLOBAL ? global : own).push(change);
    }
    if (global.length === 0) return this.#own.write(own, author, commit);
    const first = await this.#globals.write(global, author);
    if (!first.ok) return first;
    await this.#copy.pull();
    const second = await this.#own.write(own, author, commit);
    return second.ok ? { ok: true, written: [...first.written, ...second.written] } : second;
  }

  /** Brings the global files up to the directory's version, which every turn learns when it opens. */
  async refresh(globalVersion: number): Promise<void> {
    if (globalVersion !== this.#copy.version) await this.#copy.pull();
  }

  /** Brings the global files up to date, outside of a turn. */
  latest(): Promise<void> {
    return this.#copy.pull();
  }

  /** Settles what a crash left open in the group's folder. Nothing has to wait for it. */
  repair(): Promise<void> {
    return this.#own.repair();
  }

  /** The kept contents of a memory file of the group, newest first. */
  versions(path: string): FileVersion[] {
    return this.#own.versions(path);
  }

  /** The group's files of which contents are kept, also those that were removed. */
  kept(): string[] {
    return this.#own.kept();
  }

  restore(
    path: string,
    version: number,
    author: Author,
    commit?: () => void,
  ): Promise<FileResult<{ written: FileInfo[] }>> {
    return this.#own.restore(path, version, author, commit);
  }

  /** Why the global files may not be written. The directory asks again. */
  #refusal(author: Author): string | undefined {
    const role = this.#main() ? ("main" as const) : ("member" as const);
    const verdict = authorize(
      { role, id: author.by },
      { kind: "file", verb: "write", scope: "global" },
      author.trust,
    );
    return verdict.ok ? undefined : verdict.reason;
  }

  #absent(path: string): { ok: false; error: "is-directory" | "not-found"; path: string } {
    const isFolder = path === GLOBAL || this.#copy.list(path).length > 0;
    return { ok: false, error: isFolder ? "is-directory" : "not-found", path };
  }
}

/** The workspace of a group's object. */
export function openWorkspace(room: Room): Workspace {
  const { ctx, env, db, now, newId } = room;
  const own = new FileStore({
    storage: ctx.storage,
    db,
    bucket: env.FILES,
    mount: HOME,
    prefix: () => `groups/${folderOf(room)}/`,
    now,
    newId,
  });
  const globals = globalsOf(room);
  return new Workspace(own, new GlobalCopy(ctx.storage, db, globals), globals, () => room.main);
}

function folderOf(room: Room): string {
  if (!room.settings) throw new Error("This chat is not registered, so it has no files.");
  return room.settings.folder;
}

function globalsOf(room: Room): GlobalFiles {
  const directory = () => room.env.DIRECTORY.getByName(DIRECTORY) as unknown as DirectoryRooms;
  return {
    snapshot: (since) => directory().globalSnapshot(since),
    bytes: (path) => directory().globalBytes(path),
    write: (changes, author) => directory().globalWrite(changes, author, room.address),
  };
}
