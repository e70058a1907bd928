import { textTokens } from "./budget.ts";
import { unmarked } from "./marks.ts";
import { looksLike, type Named, namer, plainName } from "./names.ts";
import { inText } from "./voice.ts";

/** A message as the model reads it. */
export interface Heard {
  /** The sender's platform id; tells two people of one name apart. */
  senderId?: string;
  sender: string;
  text: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** `outside`: a bot or somebody who is no member; said in the line. */
  trust?: "owner" | "member" | "outside";
  replyTo?: { sender?: string; text?: string; fromUs: boolean };
  /** `path`: where the file lies in the workspace; `problem`: why it does not; `transcript`: what is said in it. */
  attachments?: { kind: string; name?: string; path?: string; problem?: string; transcript?: string }[];
}

export interface CatchUpOptions {
  /** IANA zone of the group. */
  timezone: string;
  /** Most tokens of the block, by `textTokens` [16,000]. */
  maxTokens?: number;
  /** Messages before these that the host left out already. */
  leftOut?: number;
  /** Who else the model knows by name. */
  members?: Named[];
  /** The assistant's name: a person who bears it is shown with their id. */
  assistantName?: string;
}

/** A message read back from a block. */
export interface Said {
  time: string;
  sender: string;
  text: string;
}

/** Who said what is quoted, where the assistant did. */
const OURS = "your message";
const OPEN = "<messages>";
const CLOSE = "</messages>";
const MAX_TOKENS = 16_000;
/** Characters of a quoted message; the whole of it is in the history. */
const QUOTE = 300;
const HEADER = /^\[([^\]]*)\] ([^:]*):(?: (.*))?$/u;
/** All that any reader takes for a line's end. */
const LINE_END = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;

/**
 * Messages as quoted data, oldest first: `[Jan 31 2:32 PM] John: hey everyone`, and under it `| ` before each further
 * line of the text, `> ` before what it answers, `+ ` before each attachment. No name and no text can begin a line of
 * its own, so none can pass for another sender or end the block. The oldest are left out where not all fit, and the
 * line above the block says how many; the newest is always there, cut if need be. Empty without messages.
 */
export function formatCatchUp(messages: Heard[], options: CatchUpOptions): string {
  const { timezone, maxTokens = MAX_TOKENS, leftOut = 0 } = options;
  const entries = newest(messages.map(inText), maxTokens, entryFor(timezone, namerFor(messages, options)));
  const missing = messages.length - entries.length + leftOut;
  const notice = `(${missing} older ${missing === 1 ? "message is" : "messages are"} left out; recall finds them.)\n`;
  return entries.length === 0 ? "" : `${missing > 0 ? notice : ""}${block(entries)}`;
}

/** Messages that nothing is left out of, as one block: `entry` is `entryFor`'s, shared by many blocks. */
export function formatAll(messages: Heard[], entry: Entry): string {
  return block(messages.map(entry));
}

/** How a message is written, as long as these are the people. */
export function entryFor(timezone: string, show: (person: Named) => string): Entry {
  const clock = clockOf(timezone);
  return (message) => entryOf(message, show, clock);
}

export type Entry = (message: Heard) => string;

/** Tells the senders of these messages, and the members, apart. */
export function namerFor(
  messages: Heard[],
  options: Pick<CatchUpOptions, "members" | "assistantName">,
): (person: Named) => string {
  const people = messages.map((message) => ({ id: message.senderId, name: message.sender }));
  return namer([...(options.members ?? []), ...people], options.assistantName);
}

function block(entries: string[]): string {
  return [OPEN, ...entries, CLOSE].join("\n");
}

/** The newest entries that fit, oldest first. */
function newest(messages: Heard[], maxTokens: number, format: Entry): string[] {
  const entries: string[] = [];
  let room = maxTokens;
  for (const message of messages.toReversed()) {
    const text = format(message);
    room -= textTokens(text) + 1;
    if (room < 0 && entries.length > 0) break;
    entries.push(room < 0 ? format(shortened(message, maxTokens)) : text);
  }
  return entries.reverse();
}

/** A token is at least one character, so a text of so many characters surely fits. */
function shortened(message: Heard, maxTokens: number): Heard {
  const kept = message.text.slice(0, Math.floor(maxTokens / 2)).toWellFormed();
  return { ...message, text: `${kept}\n(${message.text.length - kept.length} more characters are left out)` };
}

function entryOf(message: Heard, show: (person: Named) => string, clock: (at: number) => string): string {
  const [first = "", ...more] = linesOf(message.text);
  const time = clock(message.at) + (message.trust === "outside" ? ", outside" : "");
  const head = `[${time}] ${show({ id: message.senderId, name: message.sender })}:${first ? ` ${first}` : ""}`;
  const files = (message.attachments ?? []).map((file) => `+ ${describe(file)}`);
  return [head, ...more.map((line) => `| ${line}`), ...quoted(message.replyTo), ...files].join("\n");
}

function quoted(quote: Heard["replyTo"]): string[] {
  if (!quote) return [];
  const named = plainName(quote.sender ?? "");
  // Nobody can be called so that their words pass for ours.
  const other = looksLike(named, OURS) ? "someone" : named;
  const who = quote.fromUs ? OURS : other;
  const text = linesOf(quote.text ?? "").join(" ");
  return [`> ${who}: ${text.length > QUOTE ? `${text.slice(0, QUOTE).toWellFormed()}…` : text}`];
}

function describe(file: NonNullable<Heard["attachments"]>[number]): string {
  const name = file.name ? ` ${plainName(file.name)}` : "";
  if (file.path) return `${file.kind}${name}: ${linesOf(file.path).join(" ")}`;
  return `${file.kind}${name}: not here${file.problem ? ` (${linesOf(file.problem).join(" ")})` : ""}`;
}

/** A text's lines, none of which holds the block's own marks or a character that only moves the cursor. */
export function linesOf(text: string): string[] {
  const plain = unmarked(text.toWellFormed());
  return plain.split(LINE_END).map((line) => line.replace(/[^\P{Cc}\t]/gu, ""));
}

/** Making a format takes longer than all that is done with it. */
const clocks = new Map<string, Intl.DateTimeFormat>();

/** `Jan 31 2:32 PM` in a zone. */
function clockOf(timezone: string): (at: number) => string {
  const fields = {
    month: "short",
    day: "numeric",
    hour: "numeric",
    minute: "2-digit",
    hour12: true,
  } as const;
  const format = clocks.get(timezone) ?? new Intl.DateTimeFormat("en-US", { ...fields, timeZone: timezone });
  clocks.set(timezone, format);
  return (at) => {
    const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    return `${part.month} ${part.day} ${part.hour}:${part.minute} ${part.dayPeriod}`;
  };
}

/** Reads the last block of a text back, oldest first; empty where there is none. */
export function parseCatchUp(content: string): Said[] {
  const lines = content.split("\n");
  const start = lines.lastIndexOf(OPEN);
  const said: Said[] = [];
  for (const line of start < 0 ? [] : lines.slice(start + 1)) {
    if (line === CLOSE) break;
    const head = HEADER.exec(line);
    if (head) said.push({ time: head[1]!, sender: head[2]!, text: head[3] ?? "" });
    else if (line.startsWith("| ") && said.length > 0) said.at(-1)!.text += `\n${line.slice(2)}`;
  }
  return said;
}
