import { authorize } from "../../agent/authorize.ts";
import { search } from "../../agent/file-search.ts";
import {
  type Author,
  type Change,
  EXTRA,
  type FileInfo,
  type FileResult,
  type Found,
  GLOBAL,
  HOME,
  type Notebook,
  type Pattern,
  type Root,
  SKILLS,
} from "../../agent/notebook.ts";
import { type Place, resolvePath } from "../../agent/paths.ts";
import { DIRECTORY, type DirectoryRooms } from "../directory/rpc.ts";
import type { Room } from "../room.ts";
import { SKILLS_STAY, skillShelf } from "../skills/skill-shelf.ts";
import { FileStore } from "./file-store.ts";
import type { FileVersion } from "./file-versions.ts";
import { GlobalCopy, type GlobalFiles } from "./global-copy.ts";
import { MountWriter } from "./mount-writer.ts";
import { Mounts } from "./mounts.ts";

/** The group's own folder and the global one; `list` and `search` know them together, nothing can be written there. */
const BOTH = /^\/*workspace\/*$/;

/** What the folders have in common. Paths are absolute. */
interface Shelf {
  read(path: string): Promise<FileResult<{ text: string; info: FileInfo }>>;
  bytes(path: string): Promise<FileResult<{ bytes: Uint8Array; info: FileInfo }>>;
  text(path: string): string | undefined;
  list(folder: string): FileInfo[];
  /** Brings texts that are not here yet, before a search. Returns how many are missing. */
  fetchTexts?(folder: string): Promise<number>;
}

/** What a workspace is made of. */
export interface WorkspaceParts {
  own: FileStore;
  copy: GlobalCopy;
  globals: GlobalFiles;
  mounts: Mounts;
  mountWriter: MountWriter;
  main(): boolean;
}

/**
 * A group's files: its own under `/workspace/group`, a copy of the directory's under `/workspace/global`, which main
 * may write, and its mounts. A batch over several is several writes: the directory's part first, then the mounts', then
 * the group's with `commit`. A crash between them leaves the first; the step is not done then and runs again, and
 * writing the same again changes nothing.
 */
export class Workspace implements Notebook {
  readonly #parts: WorkspaceParts;

  constructor(parts: WorkspaceParts) {
    this.#parts = parts;
  }

  async read(path: string): Promise<FileResult<{ text: string; info: FileInfo }>> {
    const place = resolvePath(path);
    return place.ok ? this.#shelf(place).read(place.absolute) : place;
  }

  async bytes(path: string): Promise<FileResult<{ bytes: Uint8Array; info: FileInfo }>> {
    const place = resolvePath(path);
    return place.ok ? this.#shelf(place).bytes(place.absolute) : place;
  }

  /** A text that is here, at once; undefined where there is none. */
  text(path: string): string | undefined {
    const place = resolvePath(path);
    return place.ok ? this.#shelf(place).text(place.absolute) : undefined;
  }

  list(folder: string): FileInfo[] {
    if (BOTH.test(folder)) return [GLOBAL, HOME].flatMap((one) => this.list(one));
    const place = resolvePath(folder);
    return place.ok ? this.#shelf(place).list(place.absolute) : [];
  }

  async search(pattern: Pattern, folder: string, limit: number): Promise<Found> {
    if (BOTH.test(folder)) {
      const { matches } = await this.search(pattern, GLOBAL, limit);
      const own = await this.search(pattern, HOME, limit - matches.length);
      return { matches: [...matches, ...own.matches], unread: 0 };
    }
    const place = resolvePath(folder);
    if (!place.ok || limit <= 0) return { matches: [], unread: 0 };
    const shelf = this.#shelf(place);
    const unread = (await shelf.fetchTexts?.(place.absolute)) ?? 0;
    return { matches: await search(shelf, pattern, place.absolute, limit), unread };
  }

  roots(): Root[] {
    const { main, mounts } = this.#parts;
    const house = [
      { path: HOME, readOnly: false },
      { path: GLOBAL, readOnly: !main() },
      { path: SKILLS, readOnly: true },
    ];
    return [...house, ...mounts.roots()];
  }

  async write(
    changes: Change[],
    author: Author,
    commit?: () => void,
  ): Promise<FileResult<{ written: FileInfo[] }>> {
    const batches: Record<Place["root"], Change[]> = { [GLOBAL]: [], [EXTRA]: [], [HOME]: [], [SKILLS]: [] };
    for (const change of changes) {
      const place = resolvePath(change.path);
      if (!place.ok) return place;
      const reason = this.#refusal(place, author);
      if (reason) return { ok: false, error: "read-only", path: place.absolute, reason };
      batches[place.root].push({ ...change, path: place.absolute });
    }
    const others = await this.#writeOthers(batches[GLOBAL], batches[EXTRA], author);
    if (!others.ok) return others;
    const own = await this.#parts.own.write(batches[HOME], author, commit);
    return own.ok ? { ok: true, written: [...others.written, ...own.written] } : own;
  }

  async #writeOthers(
    global: Change[],
    mounted: Change[],
    author: Author,
  ): Promise<FileResult<{ written: FileInfo[] }>> {
    const written: FileInfo[] = [];
    if (global.length > 0) {
      const first = await this.#parts.globals.write(global, author);
      if (!first.ok) return first;
      await this.#parts.copy.pull();
      written.push(...first.written);
    }
    if (mounted.length === 0) return { ok: true, written };
    const second = await this.#parts.mountWriter.write(mounted, author);
    return second.ok ? { ok: true, written: [...written, ...second.written] } : second;
  }

  /** Brings the global files up to the directory's version, which every turn learns when it opens, and the mounts. */
  async refresh(globalVersion: number): Promise<void> {
    if (globalVersion !== this.#parts.copy.version) await this.#parts.copy.pull();
    await this.#parts.mounts.pull();
  }

  /** Brings the global files up to date, outside of a turn. */
  latest(): Promise<void> {
    return this.#parts.copy.pull();
  }

  /** Settles what a crash left open in the group's folder. Nothing has to wait for it. */
  repair(): Promise<void> {
    return this.#parts.own.repair();
  }

  /** The kept contents of a memory file of the group, newest first. */
  versions(path: string): FileVersion[] {
    return this.#parts.own.versions(path);
  }

  /** The group's files of which contents are kept, also those that were removed. */
  kept(): string[] {
    return this.#parts.own.kept();
  }

  restore(
    path: string,
    version: number,
    author: Author,
    commit?: () => void,
  ): Promise<FileResult<{ written: FileInfo[] }>> {
    return this.#parts.own.restore(path, version, author, commit);
  }

  /** Why something may not be written. For the global files the directory asks again. */
  #refusal({ root }: Place, author: Author): string | undefined {
    if (root === HOME) return undefined;
    if (root === SKILLS) return SKILLS_STAY;
    const role = this.#parts.main() ? ("main" as const) : ("member" as const);
    const scope = root === GLOBAL ? ("global" as const) : ("mount" as const);
    const verdict = authorize({ role, id: author.by }, { kind: "file", verb: "write", scope }, author.trust);
    return verdict.ok ? undefined : verdict.reason;
  }

  #shelf({ root }: Place): Shelf {
    const { own, copy, mounts } = this.#parts;
    return { [HOME]: own, [GLOBAL]: copy, [EXTRA]: mounts, [SKILLS]: skillShelf }[root];
  }
}

/** The workspace of a group's object. */
export function openWorkspace(room: Room): Workspace {
  const { ctx, env, db, now, newId } = room;
  const prefix = () => `groups/${room.settings?.folder ?? noFolder()}/`;
  const own = new FileStore({ storage: ctx.storage, db, bucket: env.FILES, mount: HOME, prefix, now, newId });
  const globals = globalsOf(room);
  const mounts = new Mounts(room);
  return new Workspace({
    own,
    globals,
    copy: new GlobalCopy(ctx.storage, db, globals),
    mounts,
    mountWriter: new MountWriter(room, mounts),
    main: () => room.main,
  });
}

function noFolder(): never {
  throw new Error("This chat is not registered, so it has no files.");
}

function globalsOf(room: Room): GlobalFiles {
  const directory = () => room.env.DIRECTORY.getByName(DIRECTORY) as unknown as DirectoryRooms;
  return {
    snapshot: (since) => directory().globalSnapshot(since),
    bytes: (path) => directory().globalBytes(path),
    write: (changes, author) => directory().globalWrite(changes, author, room.address),
  };
}
