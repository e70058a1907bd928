import { unmarked } from "../marks.ts";

/** Characters of an answer that the model sees. */
const MOST = 20_000;
/** Files of one answer that are kept, and bytes of each. */
const FILES = 4;
const FILE_BYTES = 2 * 1024 * 1024;

/** A part of a tool's answer, as MCP has it. */
export type Content =
  | { type: "text"; text: string }
  | { type: "image" | "audio"; data: string; mimeType: string }
  | { type: "resource_link"; uri: string; name?: string }
  | { type: "resource"; resource: { uri: string; mimeType?: string; text?: string; blob?: string } };

/** What a tool answered. */
export interface Answered {
  content: readonly Content[];
  structured?: unknown;
  isError: boolean;
}

/** A file of an answer, to be saved. */
export interface AnswerFile {
  /** Ends in what its type is called, e.g. `1.png`. */
  name: string;
  bytes: Uint8Array;
}

/** An answer as the model reads it: texts as they are, files by the places where they are kept. */
export function readAnswer(
  answer: Answered,
  placeOf: (name: string) => string,
): { text: string; files: AnswerFile[] } {
  const files: AnswerFile[] = [];
  const keep = (data: string, mime: string) => {
    const size = Math.floor((data.length * 3) / 4);
    if (files.length >= FILES || size > FILE_BYTES) return `[${mime}, ${size} bytes: too much to keep]`;
    const bytes = bytesOf(data);
    if (!bytes) return `[${mime}: it is no valid base64]`;
    const name = `${files.length + 1}.${endingOf(mime)}`;
    files.push({ name, bytes });
    return `[${mime}, ${size} bytes, saved as ${placeOf(name)}]`;
  };
  const parts = answer.content.map((part) => shown(part, keep));
  if (parts.length === 0 && answer.structured !== undefined) parts.push(JSON.stringify(answer.structured));
  return { text: capped(parts.join("\n").trim() || "(no output)"), files };
}

function shown(part: Content, keep: (data: string, mime: string) => string): string {
  switch (part.type) {
    case "text":
      return part.text;
    case "image":
    case "audio":
      return keep(part.data, plain(part.mimeType));
    case "resource_link":
      return `[link: ${[part.name, part.uri].filter(Boolean).join(" ")}]`;
    case "resource": {
      const { uri, text, blob, mimeType = "application/octet-stream" } = part.resource;
      return `[${uri}]\n${text ?? (blob === undefined ? "" : keep(blob, plain(mimeType)))}`;
    }
  }
}

/** The beginning of a text that cannot pass for our own marks. */
export function capped(text: string, most = MOST): string {
  const safe = unmarked(text);
  if (safe.length <= most) return safe;
  return `${safe.slice(0, most).toWellFormed()}\n[${safe.length - most} characters left out; ask for less at once]`;
}

function plain(mime: string): string {
  return mime.replace(/[^\w/+.-]/g, "").slice(0, 60);
}

function endingOf(mime: string): string {
  const [, subtype = ""] = plain(mime).toLowerCase().split("/");
  return /^[a-z0-9]{1,8}$/.test(subtype) ? subtype.replace("jpeg", "jpg") : "bin";
}

function bytesOf(base64: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}
