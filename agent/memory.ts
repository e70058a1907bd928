import { plainName } from "./names.ts";
import { GLOBAL, HOME } from "./notebook.ts";
import type { Trust } from "./trust.ts";

/** What is asked of a group's memory. `file` as people write it: `MEMORY.md`, `trips`, `global/MEMORY.md`. */
export type MemoryRequest =
  | { verb: "list" }
  | { verb: "show"; file: string; version?: number }
  | { verb: "versions"; file: string }
  | { verb: "restore"; file: string; version: number };

/** A memory file as it is now. */
export interface MemoryFile {
  /** As people write it: relative to the group's folder, or below `global/`. */
  file: string;
  /** Bytes. */
  size: number;
  /** Milliseconds since the epoch. */
  updatedAt: number;
}

/** One kept content of a memory file. */
export interface MemoryVersion {
  version: number;
  /** Milliseconds since the epoch. */
  at: number;
  /** Ids with their channel of those for whom it was written. */
  by: string;
  name: string;
  trust: Trust;
  /** Bytes; absent where the file was removed. */
  size?: number;
  /** The message that it came from: its id, and how it begins where it is known here. */
  source?: string;
  quote?: string;
}

/** `said` is for people; the others are what was asked for. */
export interface MemoryAnswer {
  ok: boolean;
  said: string;
  files?: MemoryFile[];
  file?: string;
  versions?: MemoryVersion[];
  text?: string;
}

/** What can be written behind `/memory`. */
export const MEMORY_HELP =
  "Write /memory, /memory show FILE, /memory versions FILE, /memory show FILE NUMBER or /memory restore FILE NUMBER.";

const VERB = /^(list|show|versions|restore)(?: (.*))?$/i;
const NUMBERED = /^(.+) #?(\d{1,15})$/;

/** Reads the words behind `/memory`; a file alone is shown. Undefined where they make no sense. */
export function parseMemory(args: string): MemoryRequest | undefined {
  const words = args.trim().replace(/\s+/g, " ");
  if (words === "") return { verb: "list" };
  const [, verb = "show", rest = ""] = VERB.exec(words) ?? ["", "show", words];
  const [, file = rest, number] = NUMBERED.exec(rest) ?? [];
  const version = number === undefined ? {} : { version: Number(number) };
  switch (verb.toLowerCase()) {
    case "list":
      return rest ? undefined : { verb: "list" };
    case "versions":
      return rest ? { verb: "versions", file: rest } : undefined;
    case "restore":
      return version.version === undefined ? undefined : { verb: "restore", file, version: version.version };
    default:
      return rest ? { verb: "show", file, ...version } : undefined;
  }
}

/** MEMORY.md and its like at a folder's root, and the notes in `memory/`. `path` is relative to the folder. */
export function isMemory(path: string): boolean {
  return /^(memory\/.+|[^/]+)\.md$/i.test(path);
}

/** As `isMemory`, of an absolute path. */
export function isMemoryFile(path: string): boolean {
  return [HOME, GLOBAL].some(
    (folder) => path.startsWith(`${folder}/`) && isMemory(path.slice(folder.length + 1)),
  );
}

/** Whether the agent keeps its memory there, beside its guides. `path` is absolute. */
export function isRemembered(path: string): boolean {
  return /^\/workspace\/(?:group|global)\/(?:MEMORY\.md|memory\/.+\.md)$/i.test(path);
}

/** A path as people write it. */
export function shortName(path: string): string {
  return path.startsWith(`${HOME}/`) ? path.slice(HOME.length + 1) : path.replace(`${GLOBAL}/`, "global/");
}

/**
 * The file that somebody means, among absolute paths: the group's before the global ones, with or without `.md` and
 * `memory/`, in any case.
 */
export function findMemory(file: string, paths: readonly string[]): string | undefined {
  const { folder, rest } = placeOf(file);
  const bases = folder ? [folder] : [HOME, GLOBAL];
  const spellings = bases.flatMap((base) =>
    [rest, `${rest}.md`, `memory/${rest}`, `memory/${rest}.md`].map((name) => `${base}/${name}`),
  );
  const same = (a: string) => (b: string) => a.toLowerCase() === b.toLowerCase();
  const exact = spellings.find((spelling) => paths.includes(spelling));
  return exact ?? spellings.map((spelling) => paths.find(same(spelling))).find(Boolean);
}

function placeOf(file: string): { folder?: string; rest: string } {
  const plain = file
    .normalize("NFC")
    .trim()
    .replace(/^(["'`])(.*)\1$/, "$2");
  const [, root, rest = plain] = /^(?:\/?workspace\/)?(global|group)\/(.+)$/i.exec(plain) ?? [];
  return root ? { folder: root.toLowerCase() === "global" ? GLOBAL : HOME, rest } : { rest };
}

/** The files that there are, a line each. */
export function describeFiles(files: readonly MemoryFile[], timezone: string): string {
  if (files.length === 0) return "I have no memory files yet. Say: remember that …";
  const when = clock(timezone);
  const lines = files.map(
    ({ file, size, updatedAt }) => `- ${file} (${size} bytes, changed ${when(updatedAt)})`,
  );
  return [
    ...lines,
    "",
    "Read one with /memory show FILE; /memory versions FILE lists what it was before.",
  ].join("\n");
}

/** The kept versions, newest first, a line each, with who had them written and after which words. */
export function describeVersions(file: string, versions: readonly MemoryVersion[], timezone: string): string {
  const when = clock(timezone);
  const lines = versions.map(({ version, at, name, trust, size, quote }, index) => {
    const state = size === undefined ? "removed" : `${size} bytes`;
    const label = trust === "outside" ? ", after text from outside was read" : "";
    const words = quote ? `, after “${quote}”` : "";
    return `- ${version}${index === 0 ? " (now)" : ""}: ${when(at)}, ${plainName(name)}, ${state}${words}${label}`;
  });
  const hint = versions.length > 1 ? ["", `Bring one back with: /memory restore ${file} NUMBER`] : [];
  return [`${file}, newest first:`, ...lines, ...hint].join("\n");
}

/** A file's text between fences that it cannot end. */
export function fencedText(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text.trimEnd()}\n${fence}`;
}

/** A moment in a zone, for people. */
export function clock(timeZone: string): (at: number) => string {
  const format = new Intl.DateTimeFormat("en-US", { dateStyle: "medium", timeStyle: "short", timeZone });
  return (at) => format.format(at).replace(/\s+/gu, " ");
}
