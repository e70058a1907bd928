import { createHash } from "node:crypto";
import type { FileError } from "../../agent/notebook.ts";

/** Largest file, in bytes. */
export const MAX_FILE = 10 * 1024 * 1024;
/** Largest text that is kept in SQLite too (a row may have 2 MB), in bytes. */
export const MAX_TEXT = 1024 * 1024;

/** R2 allows six requests at a time. */
const AT_ONCE = 6;
/** Keys of one delete call. */
const DELETE_AT_ONCE = 1000;

/** What a file is to become. */
export interface Content {
  bytes: Uint8Array;
  sha256: string;
  /** The content, where it is text up to 1 MB. */
  text: string | null;
}

/** Measures and classifies content. Text is valid UTF-8 without NUL. */
export async function contentOf(path: string, content: string | Uint8Array): Promise<Content | FileError> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  if (bytes.length > MAX_FILE) return { error: "too-large", path, size: bytes.length, limit: MAX_FILE };
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  return { bytes, sha256, text: bytes.length > MAX_TEXT ? null : asText(bytes) };
}

function asText(bytes: Uint8Array): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

const VERSIONED = /@[0-9a-f]{64}$/;

/**
 * Where a file lies in R2. Text lies under its own path: SQLite has its content, so the object may be overwritten
 * before the change is committed. Anything else lies at `path@sha256`, so that the old object stays whole until
 * then. A text whose own name looks like that gets a suffix too: no two files ever share a key.
 */
export function keyOf(prefix: string, path: string, content: Pick<Content, "text" | "sha256">): string {
  const plain = content.text !== null && !VERSIONED.test(path);
  return `${prefix}${path}${plain ? "" : `@${content.sha256}`}`;
}

/** Runs all, six at a time, and waits for all, also when one fails: nothing may land in R2 after this returned. */
export async function inParallel<T>(items: T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (let start = 0; start < items.length; start += AT_ONCE) {
    const results = await Promise.allSettled(items.slice(start, start + AT_ONCE).map(work));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }
}

export async function deleteObjects(bucket: R2Bucket, keys: string[]): Promise<void> {
  for (let start = 0; start < keys.length; start += DELETE_AT_ONCE) {
    await bucket.delete(keys.slice(start, start + DELETE_AT_ONCE));
  }
}
