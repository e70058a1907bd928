import { isMemoryFile } from "../../agent/memory.ts";
import {
  type Author,
  type Change,
  type FileError,
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

/** Who hears of what a turn does with files, and says what it may. */
export interface Watch {
  /** Why it may not write the global files or mounts, or undefined. */
  whyNot(scope: "global" | "mount"): string | undefined;
  /** It read something that came from outside. */
  outside(): void;
  /** It reached for what it may not have. */
  refused(error: FileError): void;
  /** It changed a memory file. Called inside the transaction of the change. */
  wrote(path: string): void;
}

/** The workspace as one turn uses it: the host hears what it reads from outside, and what it was refused. */
export class TurnNotebook implements Notebook {
  readonly #files: Notebook;
  readonly #watch: Watch;

  constructor(files: Notebook, watch: Watch) {
    this.#files = files;
    this.#watch = watch;
  }

  async read(path: string) {
    return this.#heard(await this.#files.read(path));
  }

  async bytes(path: string) {
    return this.#heard(await this.#files.bytes(path));
  }

  async write(changes: Change[], author: Author, commit?: () => void) {
    const refusal = this.#refusal(changes);
    if (refusal) return this.#heard(refusal);
    const paths = memoryIn(changes);
    const committed = () => {
      commit?.();
      for (const path of paths) this.#watch.wrote(path);
    };
    return this.#heard(await this.#files.write(changes, author, committed));
  }

  list(folder: string): FileInfo[] {
    return this.#files.list(folder);
  }

  async search(pattern: Pattern, folder: string, limit: number): Promise<Found> {
    const found = await this.#files.search(pattern, folder, limit);
    if (found.matches.some((match) => match.outside)) this.#watch.outside();
    return found;
  }

  roots(): Root[] {
    return this.#files.roots().map((root) => {
      const place = resolvePath(root.path);
      return { ...root, readOnly: root.readOnly || (place.ok && this.#whyNot(place) !== undefined) };
    });
  }

  #whyNot({ root }: Place): string | undefined {
    // The workspace itself refuses what nobody may write.
    if (root === HOME || root === SKILLS) return undefined;
    return this.#watch.whyNot(root === GLOBAL ? "global" : "mount");
  }

  #refusal(changes: Change[]): FileResult<{ written: FileInfo[] }> | undefined {
    for (const { path } of changes) {
      const place = resolvePath(path);
      const reason = place.ok ? this.#whyNot(place) : undefined;
      if (place.ok && reason) return { ok: false, error: "read-only", path: place.absolute, reason };
    }
  }

  #heard<T extends object>(result: FileResult<T>): FileResult<T> {
    if (!result.ok && (result.error === "outside" || result.error === "read-only"))
      this.#watch.refused(result);
    if (result.ok && "info" in result && (result.info as FileInfo).outside) this.#watch.outside();
    return result;
  }
}

/** The memory files among changes, each once. */
function memoryIn(changes: Change[]): Set<string> {
  const places = changes.map(({ path }) => resolvePath(path));
  const paths = places.flatMap((place) => (place.ok ? [place.absolute] : []));
  return new Set(paths.filter(isMemoryFile));
}
