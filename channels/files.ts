import type { Part } from "./channel.ts";

/** A file that goes out. */
export interface OutgoingFile {
  /** As people see it; without a folder. */
  name: string;
  /** Of a picture what its bytes say, of others what the name says. */
  mime: string;
  /** Bytes. */
  size: number;
  /** Where the bytes lie in R2: `media/<folder>/<sha256>`. */
  key: string;
  /** Where it lay in the workspace when it was queued. */
  path: string;
  /** Not there where `FileLimits.byKey` says that somebody else fetches them. */
  bytes?: Uint8Array<ArrayBuffer>;
}

/** What a platform takes of files, as data. */
export interface FileLimits {
  /** Most bytes of one file. */
  bytes: number;
  /** Most files of one message. */
  together: number;
  /** Whether pictures and other files may stand in one message. */
  mixed: boolean;
  /** Longest text beside files in one message, in UTF-16 units after rendering; 0: text and files go apart. */
  caption: number;
  /** What is shown as a picture: its types and most bytes. Everything else goes as a file. */
  pictures: { mimes: readonly string[]; bytes: number };
  /** The channel only names the file, and its reader fetches it. */
  byKey?: true;
}

/** A part of what is said: a text, files (by their place among all files), or files with a text beside them. */
export interface FilePart extends Part {
  files?: number[];
  /** It was a part of something that was refused: sent under a key of its own. */
  alone?: true;
}

/** Bytes of the files of one message: they are in memory at once. */
const TOGETHER_BYTES = 20 * 1024 * 1024;

export function isPicture(
  { mime, size }: Pick<OutgoingFile, "mime" | "size">,
  { pictures }: FileLimits,
): boolean {
  return pictures.mimes.includes(mime) && size <= pictures.bytes;
}

/** Text and files as the messages that they become: the text first, its end beside the first files where they fit. */
export function planParts(parts: Part[], files: readonly OutgoingFile[], limits: FileLimits): FilePart[] {
  const [first, ...rest] = groups(files, limits).map((group) => ({ body: "", plain: "", files: group }));
  if (!first) return parts;
  const last = parts.at(-1);
  const fits = last && Math.max(last.body.length, last.plain.length) <= limits.caption;
  const beside = fits ? { ...last, files: first.files } : first;
  return [...(fits ? parts.slice(0, -1) : parts), beside, ...rest];
}

/** Neighbours that may go together. */
function groups(files: readonly OutgoingFile[], limits: FileLimits): number[][] {
  const made: number[][] = [];
  files.forEach((file, index) => {
    const last = made.at(-1);
    if (
      last &&
      mayJoin(
        file,
        last.map((one) => files[one]!),
        limits,
      )
    )
      last.push(index);
    else made.push([index]);
  });
  return made;
}

function mayJoin(file: OutgoingFile, group: OutgoingFile[], limits: FileLimits): boolean {
  const bytes = group.reduce((sum, { size }) => sum + size, file.size);
  const alike = limits.mixed || isPicture(file, limits) === isPicture(group[0]!, limits);
  return alike && group.length < limits.together && bytes <= TOGETHER_BYTES;
}

/** What is left of a part whose files were refused: its text, then each file by itself where there were several. */
export function takenApart({ body, plain, files = [] }: FilePart): FilePart[] {
  const text = body === "" ? [] : [{ body, plain, alone: true as const }];
  const singles = files.map((file) => ({ body: "", plain: "", files: [file], alone: true as const }));
  return [...text, ...(files.length > 1 || body !== "" ? singles : [])];
}

const MB = 1024 * 1024;

/** Bytes for people: `1.4 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / MB).toFixed(bytes % MB === 0 ? 0 : 1)} MB`;
}

const SIGNATURES: [mime: string, at: number, bytes: string][] = [
  ["image/png", 0, "\x89PNG\r\n\x1a\n"],
  ["image/jpeg", 0, "\xff\xd8\xff"],
  ["image/gif", 0, "GIF8"],
  ["image/webp", 8, "WEBP"],
];

/** The type of a picture that browsers and platforms show, by its first bytes; undefined for everything else. */
export function pictureType(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 16));
  return SIGNATURES.find(([, at, sign]) => start.startsWith(sign, at))?.[0];
}

/** The types that `pictureType` tells. */
export const PICTURES: readonly string[] = SIGNATURES.map(([mime]) => mime);
