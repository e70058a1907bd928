import { type FsStat, InMemoryFs, newPiece } from "#bash";
import type { Change, FileInfo, Notebook } from "../agent/notebook.ts";
import { hasOutsideNames } from "../agent/outside-names.ts";
import type { EmbeddedOptions } from "./embedded.ts";

/** Bytes of files that one command may have open or make. */
const MAX_BYTES = 16 * 1024 * 1024;

/** What every shell has. */
const SYSTEM = ["/tmp", "/dev", "/proc", "/bin", "/usr"];

/** Who hears of what a command does; see `EmbeddedOptions`. */
type Heard = Pick<EmbeddedOptions, "outside" | "refused">;

/**
 * The workspace as a command sees it: contents are fetched when they are first read, changes stay in memory until
 * `changes()` is asked for them. Folders exist through their files, so an empty one is not kept; links are not either.
 */
export class NotebookFs extends InMemoryFs {
  readonly #notebook: Notebook;
  readonly #roots: string[];
  readonly #writable: string[];
  readonly #heard: Heard;
  readonly #before: Map<string, FileInfo>;
  /** Contents that were fetched, to see what a command changed. */
  readonly #fetched = new Map<string, Uint8Array>();
  #fromOutside: FileInfo[];
  /** Paths elsewhere that a command asked for. */
  readonly #reached = new Set<string>();
  /** Files and folders that a command may have changed. */
  readonly #touched = new Set<string>();

  constructor(notebook: Notebook, heard: Heard) {
    super({}, { maxTotalBytes: MAX_BYTES });
    const roots = notebook.roots();
    this.#notebook = notebook;
    this.#roots = roots.map(({ path }) => path);
    this.#writable = roots.filter(({ readOnly }) => !readOnly).map(({ path }) => path);
    this.#heard = heard;
    const infos = this.#roots.flatMap((folder) => notebook.list(folder));
    this.#fromOutside = infos.filter(({ outside }) => outside);
    this.#before = new Map(infos.map((info) => [info.path, info]));
    for (const info of infos)
      this.writeFileLazy(info.path, () => this.#fetch(info.path), { mtime: new Date(info.updatedAt) });
  }

  /** Makes the folders that always exist. */
  async prepare(): Promise<void> {
    for (const folder of [...this.#roots, "/tmp"]) await super.mkdir(folder, { recursive: true });
  }

  /** What a command created, changed and removed, each with the version that it started from. */
  async changes(): Promise<Change[]> {
    const now = new Set(this.getAllPaths());
    const changes: Change[] = [];
    for (const [path, info] of this.#before) {
      if (this.#isTouched(path) && !(await this.#isFile(path, now)))
        changes.push({ path, remove: true, expect: info.version });
    }
    for (const path of now) {
      if (!this.#isTouched(path) || !(await this.#isFile(path, now))) continue;
      const content = await super.readFileBuffer(path);
      const before = this.#before.get(path);
      if (before && before.size === content.length && sameBytes(await this.#original(path), content))
        continue;
      changes.push({ path, content, expect: before?.version ?? 0 });
    }
    return changes;
  }

  /** Without fetching the content. */
  override async stat(path: string): Promise<FsStat> {
    this.#reach(path);
    return this.#known(path) ?? super.stat(path);
  }

  override async lstat(path: string): Promise<FsStat> {
    return this.#known(path) ?? super.lstat(path);
  }

  override async readFileBuffer(path: string): Promise<Uint8Array> {
    this.#reach(path);
    return super.readFileBuffer(path);
  }

  override async readdir(path: string): Promise<string[]> {
    this.#list(path);
    return super.readdir(path);
  }

  override async readdirWithFileTypes(path: string): ReturnType<InMemoryFs["readdirWithFileTypes"]> {
    this.#list(path);
    return super.readdirWithFileTypes(path);
  }

  override async writeFile(...args: Parameters<InMemoryFs["writeFile"]>): Promise<void> {
    this.#touch(args[0]);
    return super.writeFile(...args);
  }

  override async appendFile(...args: Parameters<InMemoryFs["appendFile"]>): Promise<void> {
    this.#touch(args[0]);
    return super.appendFile(...args);
  }

  override async mkdir(...args: Parameters<InMemoryFs["mkdir"]>): Promise<void> {
    this.#checkWritable(this.resolvePath("/", args[0]));
    return super.mkdir(...args);
  }

  override async rm(...args: Parameters<InMemoryFs["rm"]>): Promise<void> {
    const path = this.resolvePath("/", args[0]);
    if (this.#roots.some((root) => isIn(path, root)))
      throw new Error(`EBUSY: resource busy or locked, rm '${path}'`);
    this.#touch(path);
    return super.rm(...args);
  }

  override async cp(...args: Parameters<InMemoryFs["cp"]>): Promise<void> {
    this.#touch(args[1]);
    return super.cp(...args);
  }

  override async mv(source: string, target: string): Promise<void> {
    this.#touch(source);
    this.#touch(target);
    return super.mv(source, target);
  }

  override async link(source: string, target: string): Promise<void> {
    return this.cp(source, target);
  }

  override async symlink(_target: string, path: string): Promise<void> {
    throw new Error(`EPERM: links are not kept here, symlink '${path}'`);
  }

  #list(written: string): void {
    this.#reach(written);
    const folder = this.resolvePath("/", written);
    if (!this.#fromOutside.some(({ path }) => path.startsWith(`${folder}/`))) return;
    const below = [...this.#before.values()].filter(({ path }) => path.startsWith(`${folder}/`));
    if (!hasOutsideNames(below, folder)) return;
    this.#heard.outside?.();
    this.#fromOutside = [];
  }

  async #fetch(path: string): Promise<Uint8Array> {
    const file = await this.#notebook.bytes(path);
    newPiece();
    if (!file.ok && file.error === "too-large") throw new Error(`EFBIG: file too large, open '${path}'`);
    if (!file.ok) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    this.#fetched.set(path, file.bytes);
    return file.bytes.slice();
  }

  async #original(path: string): Promise<Uint8Array> {
    return this.#fetched.get(path) ?? this.#fetch(path);
  }

  #known(written: string): FsStat | undefined {
    const path = this.resolvePath("/", written);
    const info = this.#before.get(path);
    if (!info || this.#isTouched(path)) return undefined;
    const mtime = new Date(info.updatedAt);
    return {
      isFile: true,
      isDirectory: false,
      isSymbolicLink: false,
      mode: 0o644,
      size: info.size,
      mtime,
      identity: path,
    };
  }

  #touch(written: string): void {
    const path = this.resolvePath("/", written);
    this.#checkWritable(path);
    if (path.startsWith("/workspace/")) this.#touched.add(path);
  }

  #checkWritable(path: string): void {
    if (!isIn("/workspace", path) || this.#writable.some((root) => isIn(root, path))) return;
    this.#heard.refused?.(path, "It is read-only here.");
    throw new Error(`EROFS: read-only file system, open '${path}'`);
  }

  /** Whether a path is one of those that a command has, or on the way to one. */
  #exists(path: string): boolean {
    return [...this.#roots, ...SYSTEM].some((folder) => isIn(folder, path) || isIn(path, folder));
  }

  /** Nothing is there, so there is nothing to refuse; the host hears of the attempt. */
  #reach(written: string): void {
    const path = this.resolvePath("/", written);
    if (this.#exists(path) || this.#reached.has(path)) return;
    this.#reached.add(path);
    this.#heard.refused?.(path, "There is no such file.");
  }

  #isTouched(path: string): boolean {
    if (this.#touched.size === 0) return false;
    for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) {
      if (this.#touched.has(path.slice(0, end))) return true;
    }
    return false;
  }

  async #isFile(path: string, paths: Set<string>): Promise<boolean> {
    return paths.has(path) && (await super.stat(path)).isFile;
  }
}

/** Whether a path is a folder or lies in it. */
function isIn(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? folder : `${folder}/`);
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
