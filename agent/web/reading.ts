import { decode } from "./decode.ts";

/** What can be read of an answer. */
export interface Reading {
  title?: string;
  text: string;
}

/** Characters of a page or text that are looked at; what is behind them is not read. */
const LONGEST = 1_000_000;

/** An answer's bytes as text, by what they are; `problem` says why there is none. */
export async function readAnswer(
  bytes: Uint8Array,
  contentType: string,
  address: string,
  signal?: AbortSignal,
): Promise<(Reading & { cut?: true }) | { problem: string }> {
  const type = contentType.split(";")[0]!.trim().toLowerCase();
  if (type === "application/pdf" || startsWith(bytes, "%PDF-")) return readPdf(bytes, signal);
  if (!isText(type, bytes))
    return { problem: `This is no text but ${type || "data"}, ${bytes.length} bytes.` };
  const whole = decode(bytes, contentType);
  const text = whole.slice(0, LONGEST);
  const cut = whole.length > LONGEST ? { cut: true as const } : {};
  if (!isPage(type, text)) return { text, ...cut };
  const { readPage } = await import("./page.ts");
  return { ...readPage(text, address), ...cut };
}

async function readPdf(bytes: Uint8Array, signal?: AbortSignal): Promise<Reading | { problem: string }> {
  const { pdfText } = await import("../pdf/text.ts");
  return pdfText(bytes, signal);
}

const TEXTUAL =
  /^text\/|[/+](json|xml|yaml|x-yaml|javascript|ecmascript|toml|x-ndjson|csv|markdown|sql|graphql)$/;

function isText(type: string, bytes: Uint8Array): boolean {
  if (TEXTUAL.test(type)) return true;
  return (type === "" || type === "application/octet-stream") && !bytes.subarray(0, 4096).includes(0);
}

function isPage(type: string, text: string): boolean {
  if (type === "text/html" || type === "application/xhtml+xml") return true;
  return type === "" && /^\s*(<!doctype html|<html[\s>])/i.test(text);
}

function startsWith(bytes: Uint8Array, mark: string): boolean {
  return [...mark].every((character, index) => bytes[index] === character.charCodeAt(0));
}
