import { Buffer } from "node:buffer";
import {
  type Author,
  type Change,
  describeFileError,
  type FileError,
  type FileInfo,
  type Notebook,
  type Root,
} from "../agent/notebook.ts";
import { resolvePath } from "../agent/paths.ts";
import type { Container } from "./container.ts";
import { BOUNDS, type HelperResult } from "./hands.ts";
import { listed, notedOf, sha256 } from "./outward.ts";
import { type Base, contested, MOST_AT_ONCE, type Pull, pulls, type Seen } from "./sync.ts";

/** Tries while others write the same files, and single files that the notebook refuses. */
const TRIES = 5;
const MOST_REFUSED = 50;

/** A pull whose content is at hand. */
type Ready = { pull: Pull; content?: Uint8Array };

/** Where changes are brought to, and what becomes true with them. */
export interface Into {
  notebook: Notebook;
  roots: readonly Root[];
  author: Author;
  /** Sentences about the files so far, for whoever reads the result. */
  notes: readonly string[];
  /** More changes of the same transaction. */
  more(notes: readonly string[]): Change[];
  /** Runs inside the transaction. */
  commit(notes: readonly string[]): void;
}

/**
 * Takes over what a command changed, in one write. A file that another changed meanwhile is planned again, one that
 * the notebook refuses is left out. Answers all notes; `commit` was called with the same ones.
 */
export async function bringIn(
  container: Container,
  result: HelperResult,
  into: Into,
): Promise<readonly string[]> {
  const seen = seenIn(container, result);
  const contents = new Map(
    Object.entries(result.contents ?? {}).map(([path, data]) => [path, bytesOf(data)]),
  );
  const refused = new Map<string, string>();
  for (let tries = 0, refusals = 0; tries < TRIES; ) {
    const plan = (await planned(container.base, seen, into)).filter(({ path }) => !refused.has(path));
    await fetchRest(container, plan, contents);
    const { ready, late } = atHand(plan, contents);
    const notes = [...into.notes, ...oddOnes(result), ...new Set(refused.values()), ...told(ready, late)];
    const written = await write(ready, into, notes);
    if (written.ok) {
      settle(container, ready, written.written);
      return notes;
    }
    if (written.error === "conflict") tries++;
    else if (++refusals > MOST_REFUSED || !refuse(ready, written, refused, into.roots))
      return giveUp(into, written);
  }
  return giveUp(into, { error: "conflict", path: into.roots[0]?.path ?? "" });
}

/** The result stands, without the files: they stay in the container, and the next command tries again. */
async function giveUp(into: Into, error: FileError): Promise<readonly string[]> {
  const notes = [...into.notes, `The command's file changes were not kept: ${describeFileError(error)}`];
  await write([], into, notes);
  return notes;
}

function seenIn(container: Container, result: HelperResult): Seen {
  const files = Object.entries(result.files ?? {}).map(
    ([path, [sha, size]]) => [path, { sha, size }] as const,
  );
  return {
    marker: container.base.marker ?? "",
    whole: result.files !== undefined && !result.cut,
    files: new Map(files.filter(([path]) => isUsual(path))),
    odd: new Set(Object.keys(result.odd ?? {})),
  };
}

/** A name that the notebook would spell otherwise could never be found equal. */
function isUsual(path: string): boolean {
  const place = resolvePath(path);
  return place.ok && place.absolute === path;
}

/** Only what a command may change is compared. */
async function planned(base: Base, seen: Seen, { notebook, roots }: Into): Promise<Pull[]> {
  const writable = roots.filter((root) => !root.readOnly);
  const inside = (path: string) => writable.some((root) => path.startsWith(`${root.path}/`));
  const own: Base = { ...base, files: new Map([...base.files].filter(([path]) => inside(path))) };
  const noted = notedOf(listed(notebook, writable));
  for (const path of contested(own, noted, seen)) {
    const file = await notebook.bytes(path);
    if (file.ok) noted.set(path, { ...noted.get(path)!, sha: sha256(file.bytes) });
  }
  return pulls(own, noted, seen);
}

async function fetchRest(
  container: Container,
  plan: readonly Pull[],
  contents: Map<string, Uint8Array>,
): Promise<void> {
  let room = MOST_AT_ONCE - [...contents.values()].reduce((sum, { length }) => sum + length, 0);
  const missing = plan.flatMap((pull) => ("size" in pull && !contents.has(pull.path) ? [pull] : []));
  for (const { path, size } of missing) {
    if (contents.has(path) || size > room) continue;
    const rest = missing.slice(missing.findIndex((pull) => pull.path === path)).map((pull) => pull.path);
    const fetched = await container.fetch(rest, Math.min(BOUNDS.largest, room));
    if (!(path in fetched)) room = 0;
    for (const [name, data] of Object.entries(fetched)) {
      contents.set(name, bytesOf(data));
      room -= contents.get(name)!.length;
    }
  }
}

function atHand(
  plan: readonly Pull[],
  contents: ReadonlyMap<string, Uint8Array>,
): { ready: Ready[]; late: string[] } {
  const late = plan.filter((pull) => "as" in pull && !contents.has(pull.path));
  const ready = plan
    .filter((pull) => !late.includes(pull))
    .map((pull) => ("as" in pull ? { pull, content: contents.get(pull.path)! } : { pull }));
  return { ready, late: late.map(({ path }) => path) };
}

function write(ready: readonly Ready[], { notebook, more, author, commit }: Into, notes: readonly string[]) {
  const changes = ready.flatMap(({ pull, content }): Change[] => {
    if (pull.do === "agree") return [];
    if (pull.do === "remove") return [{ path: pull.path, remove: true, expect: pull.expect }];
    return [{ path: pull.as, content: content!, expect: pull.expect }];
  });
  return notebook.write([...changes, ...more(notes)], author, () => commit(notes));
}

/** What both sides hold from now on. */
function settle(container: Container, ready: readonly Ready[], written: readonly FileInfo[]): void {
  const versions = new Map(written.map(({ path, version }) => [path, version]));
  for (const { pull } of ready) {
    if (pull.do === "remove") container.agree(pull.path, undefined);
    else if (pull.do === "agree") container.agree(pull.path, pull);
    // The notebook's own is another version than this one, so it goes to the container next.
    else if (pull.do === "keep-both") container.agree(pull.path, { sha: pull.sha, version: -1 });
    else container.agree(pull.path, { sha: pull.sha, version: versions.get(pull.as) ?? -1 });
  }
}

/**
 * Leaves out what the notebook refused: one file, or all new ones of a folder that has no room even without one. False
 * where none is ours.
 */
function refuse(
  ready: readonly Ready[],
  error: FileError,
  refused: Map<string, string>,
  roots: readonly Root[],
): boolean {
  const isFull = error.error === "too-many" && refused.size > 0;
  const full = roots.find(({ path }) => isFull && error.path.startsWith(`${path}/`));
  const isRefused = (pull: Pull) => {
    const path = "as" in pull ? pull.as : pull.path;
    return full ? "as" in pull && !pull.expect && path.startsWith(`${full.path}/`) : path === error.path;
  };
  const paths = ready
    .map(({ pull }) => pull)
    .filter(isRefused)
    .map(({ path }) => path);
  const why = `Not kept: ${some(paths)}. ${describeFileError(error)}`;
  for (const path of paths) refused.set(path, why);
  return paths.length > 0;
}

function oddOnes({ odd = {}, files = {}, cut }: HelperResult): string[] {
  const strange = Object.keys(files).filter((path) => !isUsual(path));
  const all = [
    ...Object.entries(odd).map(([path, why]) => `${path} (${why})`),
    ...strange.map((path) => `${path} (its name can't be kept)`),
  ];
  const more = cut
    ? ["There are too many files to look at them all; nothing was removed from the notebook."]
    : [];
  return [...(all.length > 0 ? [`Not kept: ${some(all)}.`] : []), ...more];
}

function told(ready: readonly Ready[], late: string[]): string[] {
  const both = ready.flatMap(({ pull }) => (pull.do === "keep-both" ? [`${pull.path} -> ${pull.as}`] : []));
  return [
    ...(both.length > 0
      ? [`Changed here and by others at the same time; the command's text is kept beside it: ${some(both)}.`]
      : []),
    ...(late.length > 0 ? [`Too much at once; these come with the next command: ${some(late)}.`] : []),
  ];
}

/** A plain array: what is compared with the notebook's must be of its kind. */
function bytesOf(base64: string): Uint8Array {
  return new Uint8Array(Buffer.from(base64, "base64"));
}

/** The first few of a list. */
export function some(list: readonly string[]): string {
  const shown = list.slice(0, 10).join(", ");
  return list.length > 10 ? `${shown} and ${list.length - 10} more` : shown;
}
