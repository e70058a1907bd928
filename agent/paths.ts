import { EXTRA, type FileError, GLOBAL, HOME, SKILLS } from "./notebook.ts";

/** A path inside one of the folders. `rest` is relative and normalised; empty for the folder itself. */
export interface Place {
  root: typeof HOME | typeof GLOBAL | typeof EXTRA | typeof SKILLS;
  rest: string;
}

/** A place with its absolute path. */
export type Placed = Place & { absolute: string };

/** Bytes of a path below its folder; R2 keys end at 1,024. */
export const MAX_PATH = 512;
const MAX_NAME = 255;

/**
 * Normalises a path as a person or a model writes it: relative to `/workspace/group`, `~` for it, `.`, `..`, `//`,
 * Unicode to NFC, white space around it and at the end of names dropped. All spellings of a file give one place;
 * what leads out of all folders is `outside`.
 */
export function resolvePath(path: string): ({ ok: true } & Placed) | ({ ok: false } & FileError) {
  const reason = unusable(path);
  if (reason) return { ok: false, error: "bad-path", path: path.slice(0, 200), reason };
  const names = walk(
    path
      .normalize("NFC")
      .trim()
      .replace(/^~(?=\/|$)/, HOME),
  );
  const root = [HOME, GLOBAL, EXTRA, SKILLS].find(
    (folder) => `/${names.slice(0, 2).join("/")}` === folder,
  ) as Place["root"];
  if (!root) return { ok: false, error: "outside", path: path.trim() };
  const rest = names.slice(2).join("/");
  const long = tooLong(rest);
  if (long) return { ok: false, error: "bad-path", path: `${path.slice(0, 60)}…`, reason: long };
  return { ok: true, root, rest, absolute: rest ? `${root}/${rest}` : root };
}

/** Resolves a path that must lie in one of the folders; elsewhere it is `outside`. */
export function placeIn(
  root: Place["root"],
  path: string,
): ({ ok: true } & Placed) | ({ ok: false } & FileError) {
  const place = resolvePath(path);
  if (!place.ok || place.root === root) return place;
  return { ok: false, error: "outside", path: place.absolute };
}

function unusable(path: string): string | undefined {
  if (!path.isWellFormed()) return "it holds half a character";
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(path)) return "it holds control characters";
  if (path.includes("\\")) return "names are separated by / and hold no backslash";
}

function walk(path: string): string[] {
  const names: string[] = [];
  for (const written of `${path.startsWith("/") ? "" : HOME}/${path}`.split("/")) {
    const name = written.trimEnd();
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names;
}

function tooLong(rest: string): string | undefined {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  if (bytes(rest) > MAX_PATH) return `a path has at most ${MAX_PATH} bytes`;
  if (rest.split("/").some((name) => bytes(name) > MAX_NAME)) return `a name has at most ${MAX_NAME} bytes`;
}
