import { linesOf } from "./catch-up.ts";
import { unmarked } from "./marks.ts";
import { GLOBAL, HOME } from "./notebook.ts";

/** Characters of a file that stand in the prompt. */
const CAP = 8000;
/** Names of further memory files; more are a list_dir away. */
const NAMES = 50;
const MEMORY = /^\/workspace\/(?:global|group)\/memory\/[^/]+\.md$/;
const GUIDES = ["AGENTS.md", "SOUL.md", "USER.md", "TOOLS.md"];
/** The files that the prompt holds, in its order: guides before memory, global before the group's. */
export const PROMPT_PATHS: readonly string[] = [
  ...[GLOBAL, HOME].flatMap((folder) => GUIDES.map((name) => `${folder}/${name}`)),
  `${GLOBAL}/MEMORY.md`,
  `${HOME}/MEMORY.md`,
];

/** A file of the workspace and its text. */
export interface PromptFile {
  path: string;
  text: string;
}

/** The files of the prompt in its order; missing and blank ones are skipped. */
export function fileBlocks(files: readonly PromptFile[]): string[] {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const present = PROMPT_PATHS.filter((path) => texts.get(path)?.trim());
  return present.map((path) => fileBlock({ path, text: texts.get(path)! }));
}

/** One file between `<file PATH>` and `</file>`, as text that cannot end its own block. */
export function fileBlock({ path, text }: PromptFile): string {
  return `<file ${path}>\n${unmarked(capped(path, text.trim()))}\n</file>`;
}

/** The line with the names of further memory files among the workspace's paths; empty where there are none. */
export function memoryNames(paths: readonly string[]): string {
  const names = paths.filter((path) => MEMORY.test(path)).sort();
  if (names.length === 0) return "";
  const more = names.length > NAMES ? ` and ${names.length - NAMES} more (list_dir)` : "";
  const shown = names.slice(0, NAMES).map((name) => linesOf(name).join(" "));
  return `More memory, to read when it matters: ${unmarked(shown.join(", "))}${more}`;
}

/**
 * A long file's beginning and end, cut at lines, with a notice between them that says how to read the rest: what is
 * fundamental stands at the top, what was added last at the end.
 */
function capped(path: string, text: string): string {
  if (text.length <= CAP) return text;
  const lines = text.split("\n");
  const head = fitting(lines, CAP / 2);
  const tail = fitting(lines.slice(head).reverse(), CAP / 2);
  const [from, to] = [head + 1, lines.length - tail];
  const notice = `(Lines ${from} to ${to} are left out here. Read them with read_file, path ${path}, offset ${from}, limit ${to - head}.)`;
  // A single line may be longer than all the room: its beginning is better than nothing.
  const start = head + tail === 0 ? [text.slice(0, CAP).toWellFormed()] : lines.slice(0, head);
  return [...start, notice, ...lines.slice(to)].join("\n");
}

/** How many of the first lines have at most so many characters together. */
function fitting(lines: string[], characters: number): number {
  let used = 0;
  const tooMuch = lines.findIndex((line) => {
    used += line.length + 1;
    return used > characters;
  });
  return tooMuch < 0 ? lines.length : tooMuch;
}
