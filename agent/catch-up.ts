import { textTokens } from "./budget.ts";

/** One message as the model reads it. */
export interface Said {
  /** Milliseconds since the epoch. */
  at: number;
  sender: string;
  text: string;
  quote?: { sender?: string; text?: string };
  attachments?: { kind: string; name?: string; path?: string; problem?: string }[];
}

/** What of a catch-up fits, in tokens. */
const ROOM = 16_000;
const OPEN = "<messages>";
const CLOSE = "</messages>";

/**
 * Messages as quoted data, oldest first: a line each, `[Jan 31 2:32 PM] John: hey everyone`. Line breaks inside a
 * message are indented and angle brackets are escaped, so that no text can pass for another line, another sender or
 * the end of the block. When not all fit, the oldest are left out and the first line says how many.
 */
export function catchUp(messages: Said[], timezone: string, room = ROOM): string {
  const lines = messages.map((message) => line(message, timezone));
  let first = lines.length;
  for (let left = room; first > 0 && left >= textTokens(lines[first - 1]!); first--) left -= textTokens(lines[first - 1]!);
  // The newest message is never left out; it is cut instead.
  if (first === lines.length && first > 0) return block([lines[--first]!.slice(0, room * 2)], first);
  return block(lines.slice(first), first);
}

function block(lines: string[], leftOut: number): string {
  const notice = leftOut > 0 ? [`(${leftOut} older messages are left out; recall finds them.)`] : [];
  return [OPEN, ...notice, ...lines, CLOSE].join("\n");
}

function line({ at, sender, text, quote, attachments }: Said, timezone: string): string {
  const answering = quote ? ` (answering ${inline(quote.sender ?? "someone")}: "${inline(quote.text ?? "").slice(0, 200)}")` : "";
  const files = (attachments ?? []).map((file) => `\n[${attachment(file)}]`).join("");
  return `[${moment(at, timezone)}] ${inline(sender)}${answering}: ${body(text + files)}`;
}

function attachment({ kind, name, path, problem }: NonNullable<Said["attachments"]>[number]): string {
  const what = `${kind}${name ? ` "${name}"` : ""}`;
  return path ? `${what} at ${path}` : `${what}, ${problem ?? "not fetched"}`;
}

/** One line, without anything that the form of a line uses. */
function inline(text: string): string {
  return escaped(text).replace(/[\r\n\u2028\u2029\u0085\v\f\t ]+/g, " ").replace(/[:[\]()]/g, (sign) => LOOKALIKE[sign]!).trim() || "someone";
}

const LOOKALIKE: Record<string, string> = { ":": "꞉", "[": "⟦", "]": "⟧", "(": "⦅", ")": "⦆" };

function body(text: string): string {
  return escaped(text).replace(/\r\n?|[\u2028\u2029\u0085\v\f]/g, "\n").replaceAll("\n", "\n    ");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function unescaped(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** `Jan 31 2:32 PM`, in a zone. */
export function moment(at: number, timezone: string): string {
  const format = new Intl.DateTimeFormat("en-US", { month: "short", day: "numeric", hour: "numeric", minute: "2-digit", timeZone: timezone });
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${part.month} ${part.day} ${part.hour}:${part.minute} ${part.dayPeriod}`;
}

/** The messages of a block, for whoever has to read one back. */
export function parseCatchUp(content: string): { sender: string; text: string }[] {
  const start = content.lastIndexOf(OPEN);
  if (start < 0) return [];
  const lines = content.slice(start + OPEN.length, content.lastIndexOf(CLOSE)).split("\n");
  const messages: { sender: string; text: string }[] = [];
  for (const raw of lines) {
    const head = /^\[[^\]]+\] (.+?)(?: \(answering [^)]*\))?: ([\s\S]*)$/.exec(raw);
    if (head) messages.push({ sender: unescaped(head[1]!), text: unescaped(head[2]!) });
    else if (raw.startsWith("    ") && messages.length > 0) messages.at(-1)!.text += `\n${unescaped(raw.slice(4))}`;
  }
  return messages;
}

/** The text of the last message of a block, or the whole content where there is no block. */
export function lastMessageText(content: string): string {
  return parseCatchUp(content).at(-1)?.text ?? content;
}
