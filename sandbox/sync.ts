/**
 * Which files travel between a group's notebook and its container. Pure: manifests in, a plan out.
 *
 * Three trees are compared: the notebook now, the container now, and the base, which is what both held when they last
 * agreed. A side has changed a file when it differs from the base; what only one side changed travels to the other.
 * The base belongs to one start of the container (`marker`): a container that was started anew has no base, so nothing
 * is missing from it, and nothing can be deleted because of it.
 */

/** A file as both sides last agreed on it: its content, and the version that it has in the notebook. */
export interface Agreed {
  sha: string;
  version: number;
}

export interface Base {
  /** Random for each start of the container; undefined where it was not started by us yet. */
  marker: string | undefined;
  files: ReadonlyMap<string, Agreed>;
}

/** A file of the notebook. `sha` is known where both sides changed it. */
export interface Noted {
  version: number;
  size: number;
  sha?: string;
}

/** The container after a command. */
export interface Seen {
  marker: string;
  /** The command's end was seen, and so was every file: only then does an absent file mean a removed one. */
  whole: boolean;
  files: ReadonlyMap<string, { sha: string; size: number }>;
  /** What is there and can't be kept, such as a link. It stands for no change. */
  odd: ReadonlySet<string>;
}

/** What the container is to take over. */
export type Push = { path: string; do: "write"; version: number } | { path: string; do: "remove" };

/** What the notebook is to take over; `expect` is the version that it must still have there, 0 for none. */
export type Pull =
  | { do: "write"; path: string; as: string; sha: string; size: number; expect: number }
  | { do: "remove"; path: string; expect: number }
  /** Both sides changed a file: the notebook keeps its own, and the container's gets another name. */
  | { do: "keep-both"; path: string; as: string; sha: string; size: number; expect: 0 }
  /** Both sides have the same content already. */
  | { do: "agree"; path: string; sha: string; version: number };

/** What the notebook has and the container lacks, of the files that are to be there. */
export function pushes(
  base: Base,
  noted: ReadonlyMap<string, Noted>,
  there: (path: string) => boolean,
): Push[] {
  const writes = [...noted]
    .filter(([path, { version }]) => there(path) && base.files.get(path)?.version !== version)
    .map(([path, { version }]) => ({ path, do: "write" as const, version }));
  const removed = [...base.files.keys()].filter((path) => !noted.has(path));
  return [...removed.map((path) => ({ path, do: "remove" as const })), ...writes];
}

/** Files that both sides changed: their contents in the notebook have to be compared. */
export function contested(base: Base, noted: ReadonlyMap<string, Noted>, seen: Seen): string[] {
  if (seen.marker !== base.marker) return [];
  return [...seen.files.keys()].filter((path) => {
    const mine = noted.get(path);
    return mine && mine.version !== base.files.get(path)?.version && isNew(base, seen, path);
  });
}

/** What the container has changed since both sides agreed. A container of another start has changed nothing. */
export function pulls(base: Base, noted: ReadonlyMap<string, Noted>, seen: Seen): Pull[] {
  if (seen.marker !== base.marker) return [];
  const changed = [...seen.files.keys()].filter((path) => isNew(base, seen, path));
  const taken = new Set([...noted.keys(), ...seen.files.keys()]);
  return [...removals(base, noted, seen), ...changed.map((path) => pullOf(path, base, noted, seen, taken))];
}

function isNew(base: Base, seen: Seen, path: string): boolean {
  return base.files.get(path)?.sha !== seen.files.get(path)?.sha;
}

/** A file that the notebook changed in the meantime stays: a change outlives a removal. */
function removals(base: Base, noted: ReadonlyMap<string, Noted>, seen: Seen): Pull[] {
  if (!seen.whole) return [];
  return [...base.files].flatMap(([path, { version }]) =>
    !seen.files.has(path) && !seen.odd.has(path) && noted.get(path)?.version === version
      ? [{ do: "remove" as const, path, expect: version }]
      : [],
  );
}

function pullOf(
  path: string,
  base: Base,
  noted: ReadonlyMap<string, Noted>,
  seen: Seen,
  taken: Set<string>,
): Pull {
  const file = seen.files.get(path)!;
  const mine = noted.get(path);
  const unchanged = !mine || mine.version === base.files.get(path)?.version;
  if (unchanged) return { do: "write", path, as: path, ...file, expect: mine?.version ?? 0 };
  if (mine.sha === file.sha) return { do: "agree", path, sha: file.sha, version: mine.version };
  const as = anotherName(path, taken);
  taken.add(as);
  return { do: "keep-both", path, as, ...file, expect: 0 };
}

/** `notes.md` becomes `notes (sandbox).md`, `notes (sandbox 2).md` … */
export function anotherName(path: string, taken: ReadonlySet<string>): string {
  const [, stem = path, ending = ""] = /^(.*[^/])(\.[^./]*)$/s.exec(path) ?? [];
  for (let count = 1; ; count++) {
    const name = `${stem} (sandbox${count > 1 ? ` ${count}` : ""})${ending}`;
    if (!taken.has(name)) return name;
  }
}

/** Bytes of files that go to a container at once. */
export const MOST_AT_ONCE = 50 * 1024 * 1024;

/**
 * Which files go to the container: what is there already, what the command names, then the newest and smallest, as
 * many as fit. The rest is told by its paths.
 */
export function fitting(
  files: readonly { path: string; size: number; updatedAt: number }[],
  base: Base,
  command: string,
  most = MOST_AT_ONCE,
): { there: ReadonlySet<string>; left: string[] } {
  const rank = ({ path }: { path: string }) => (base.files.has(path) ? 0 : isNamed(path, command) ? 1 : 2);
  const order = files.toSorted((a, b) => rank(a) - rank(b) || b.updatedAt - a.updatedAt || a.size - b.size);
  let room = most;
  const there = new Set<string>();
  for (const file of order) {
    if (file.size > room && rank(file) > 0) continue;
    room -= file.size;
    there.add(file.path);
  }
  return { there, left: order.filter(({ path }) => !there.has(path)).map(({ path }) => path) };
}

function isNamed(path: string, command: string): boolean {
  return command.includes(path.slice(path.lastIndexOf("/") + 1));
}
