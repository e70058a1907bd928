/** The files that an agent works on, in one path space for tools and shells. */

/** What is known of a file without reading it. */
export interface FileInfo {
  /** Absolute and normalised, e.g. `/workspace/group/notes/a.md`. */
  path: string;
  /** Bytes. */
  size: number;
  /** Milliseconds since the epoch. */
  updatedAt: number;
  /** False for binary files and for text above 1 MB. */
  text: boolean;
  /** Grows with every change of the file; never used twice in a folder. */
  version: number;
  /** Its author had read text from outside. */
  outside?: true;
}

/** Who changed a file, kept with each version. */
export interface Author {
  /** Who asked for it: ids with their channel, e.g. `telegram:1001`; several where they spoke in one turn. Or `host`. */
  by: string;
  name: string;
  trust: "owner" | "member" | "outside";
  /** The message that it came from: its id in the inbox; of a command its key. */
  source?: string;
}

export type FileError =
  | { error: "not-found"; path: string }
  | { error: "outside"; path: string }
  /** `reason`: why, where it is not that only main may. */
  | { error: "read-only"; path: string; reason?: string }
  | { error: "binary"; path: string; size: number }
  | { error: "is-directory"; path: string }
  | { error: "too-large"; path: string; size: number; limit: number }
  | { error: "too-many"; path: string; limit: number }
  | { error: "bad-path"; path: string; reason: string }
  /** The file is not what `Change.expect` says: read it again and repeat. */
  | {
      error: "conflict";
      path: string;
      /** What of the batch was written before, where a mount holds it. */
      kept?: string[];
    };

export type FileResult<T> = ({ ok: true } & T) | ({ ok: false } & FileError);

/**
 * One change of a batch. With `expect` the batch is refused with `conflict` unless the file still has that version
 * (0: there is none), which is how a read and the write that follows from it stay together.
 */
export type Change =
  | { path: string; content: string | Uint8Array; expect?: number }
  | { path: string; remove: true; expect?: number };

/**
 * A group's view of its files: `/workspace/group` (its own, writable), `/workspace/global` (writable in main only) and
 * `/workspace/extra/<name>` (what main mounted).
 * *Contract:* paths are normalised and confined; another group's file and an absent one give the same answer.
 * `write` is atomic for the whole batch: an intent, the puts to R2, then index, versions and `commit` in one
 * transaction; a crash in between leaves the old or the new state, never a mixture that a reader can see. Weaker over
 * several roots: global files are written first, then mounts file by file, then the group's own with `commit`.
 */
export interface Notebook {
  read(path: string): Promise<FileResult<{ text: string; info: FileInfo }>>;
  /** The bytes of any file, binary included. */
  bytes(path: string): Promise<FileResult<{ bytes: Uint8Array; info: FileInfo }>>;
  /** `commit` runs inside the transaction that makes the change visible. */
  write(changes: Change[], author: Author, commit?: () => void): Promise<FileResult<{ written: FileInfo[] }>>;
  /** Every file under a folder, sorted by path. */
  list(folder: string): FileInfo[];
  /** Lines of text files under a folder that match, by path; never more than `limit`. Lines count from 1. */
  search(pattern: Pattern, folder: string, limit: number): Promise<Found>;
  /** The folders that there are for this group, the one where tools and shells start first. */
  roots(): Root[];
}

/** A folder right under which files may lie. */
export interface Root {
  /** `/workspace/group`, `/workspace/global` or `/workspace/extra/<name>`. */
  path: string;
  /** Nothing can be written there by who asks. */
  readOnly: boolean;
  /** It has more files than it shows. */
  cut?: true;
}

/** What a search found. */
export interface Found {
  matches: Match[];
  /** Files of mounts that were not fetched yet, so that nothing was looked for in them. */
  unread: number;
}

/** What `search` needs of a regular expression. A model's pattern should come from a linear-time engine. */
export interface Pattern {
  test(line: string): boolean;
  /** Called before every line: gives others their turn where it is time. */
  rest?(): Promise<void>;
}

export interface Match {
  path: string;
  line: number;
  text: string;
  /** As `FileInfo.outside`. */
  outside?: true;
}

/** The folder in which tools and shells start. */
export const HOME = "/workspace/group";
/** The folder that all groups read and only main writes. */
export const GLOBAL = "/workspace/global";
/** The folder of the mounts: parts of the bucket that main gave to a group, each under its name. */
export const EXTRA = "/workspace/extra";
/** The folder of the skills that come with every install. Nobody writes it. */
export const SKILLS = "/workspace/skills";

/** Says what went wrong and what to do, for the model. */
export function describeFileError(error: FileError): string {
  switch (error.error) {
    case "not-found":
      return `No such file: ${error.path}. Use list_dir or glob to see what is there.`;
    case "outside":
      return `No such file: ${error.path}. Files live under ${HOME} and ${GLOBAL}.`;
    case "read-only":
      return `${error.path} is read-only here. ${error.reason ?? `Only the main group may change files under ${GLOBAL}.`}`;
    case "binary":
      return `${error.path} is not text (${error.size} bytes).`;
    case "is-directory":
      return `${error.path} is a folder. Use list_dir to see what is in it.`;
    case "too-large":
      return `${error.path} is too large: ${error.size} bytes; the limit is ${error.limit}.`;
    case "too-many":
      return `There is no room for ${error.path}: a folder holds ${error.limit} files. Remove some first.`;
    case "bad-path":
      return `"${error.path}" cannot be a file here: ${error.reason}.`;
    case "conflict":
      return `${error.path} was changed by someone else in the meantime; ${written(error.kept)}. Read it again and repeat.`;
  }
}

function written(kept: string[] = []): string {
  return kept.length === 0 ? "nothing was written" : `only ${kept.join(", ")} was written`;
}
