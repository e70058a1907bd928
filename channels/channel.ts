import type { Download } from "./fetch-file.ts";
import type { FileLimits, OutgoingFile } from "./files.ts";
import type { Companion } from "./frames.ts";
import type { Choice, Press } from "./press.ts";
import type { Reaction } from "./reaction.ts";

/**
 * The vocabulary between the platforms and the rest of nanoflare. Everything here is plain data that crosses
 * RPC and storage, so fields are only ever added. Nothing in `channels/` imports from our other folders.
 */

/** `channel:chatId`, e.g. `telegram:-1001234`. It is the name of the group's Durable Object. */
export type Address = `${string}:${string}`;

/** A person, by the platform's immutable id. Names are shown, never compared. */
export interface Person {
  /** The platform's id, without the channel. */
  id: string;
  name: string;
  username?: string;
  /** Other ids of the same person by the platform's word, such as the phone number. Lists of people may name them. */
  aliases?: readonly string[];
  isBot: boolean;
}

/** The chat as the platform describes it at this moment. */
export interface Chat {
  /** The platform's id of the chat; together with the channel name it is the address. */
  id: string;
  type: "direct" | "group";
  title?: string;
}

/** A file that a platform holds for us. `ref` is what `Channel.download` needs; never a URL that carries a key. */
export interface Attachment {
  kind: "image" | "voice" | "audio" | "video" | "file";
  ref: string;
  name?: string;
  mime?: string;
  /** Bytes, as the platform says. */
  size?: number;
}

/** What a message answers, as far as the platform tells. */
export interface Quote {
  messageId: string;
  sender?: string;
  text?: string;
  /** True when the quoted message was sent by this bot. */
  fromUs: boolean;
}

/** What every event has. */
export interface Event {
  address: Address;
  /** The platform's own dedupe key: the same event has the same key however often it is delivered. */
  key: string;
  chat: Chat;
  /** A forum topic or thread of the chat; the answer goes to the same one. */
  thread?: string;
  /** Milliseconds since the epoch, by the platform's clock. */
  sentAt: number;
}

/** A message of a person or bot. */
export interface Message extends Event {
  kind: "message";
  messageId: string;
  sender: Person;
  text: string;
  /** The platform's own entities mention this bot, anywhere in the text. */
  mentioned: boolean;
  /** `/name args` at the very start of the text and meant for this bot. `name` is lower case, without the slash. */
  command?: { name: string; args: string };
  replyTo?: Quote;
  attachments: Attachment[];
  /** The platform cut this from a longer whole (a paste at its limit, an album): wait a second for the rest. */
  partOfMore?: boolean;
  /** This message was sent by our own bot account (an echo). */
  fromUs?: boolean;
  /**
   * The platform shows that it waits for an answer to exactly this event (a slash command). What is said to it has
   * this as `replyTo`. It may hold a short-lived secret: it is stored, and never logged or shown.
   */
  answerTo?: string;
}

/** A message whose text changed. It replaces one that is pending, and is only recorded after that. */
export interface Edit extends Omit<Message, "kind"> {
  kind: "edit";
}

/** The chat got a new id (Telegram: group to supergroup). `address` is the old one. */
export interface Migration extends Event {
  kind: "migration";
  to: Address;
}

/** Everything that a platform can tell us. */
export type Inbound = Message | Edit | Migration | Reaction | Press;

/** What a webhook gave: the events, and the answer that the platform gets once they are stored. */
export interface Received {
  status: number;
  body?: string;
  /** The answer as JSON, in place of `body`. */
  json?: unknown;
  /** The same where nothing is going to be said to the events, for a platform that shows that it waits. */
  unanswered?: unknown;
  events: Inbound[];
}

/** One message as the platform will show it: its own markup, and the same as plain text if the markup is refused. */
export interface Part {
  body: string;
  plain: string;
}

/** Where something goes. */
export interface Target {
  chatId: string;
  thread?: string;
}

/** One call to a platform. */
export type Send =
  /**
   * `replyTo`: what it answers. `after`: the message of the part before it, where it is a later part.
   * `unfinished`: more will be written into this message, and people may stop that. `files` go in the same message,
   * within `Limits.files`; only with them the text may be empty.
   */
  | {
      type: "message";
      to: Target;
      part: Part;
      asPlain?: boolean;
      unfinished?: boolean;
      /** Buttons below it; an edit without them takes them away. */
      choices?: readonly Choice[];
      replyTo?: string;
      after?: string;
      files?: OutgoingFile[];
      key: string;
    }
  | {
      type: "edit";
      to: Target;
      messageId: string;
      part: Part;
      asPlain?: boolean;
      unfinished?: boolean;
      key: string;
    }
  /** An ephemeral preview of an answer that is still being written. Best effort. */
  | { type: "draft"; to: Target; part: Part; draftId: number }
  /**
   * Shows that an answer is on its way. `answering`: the message that waits for it, for platforms that show it there.
   * `over`: takes the sign away again, where `Limits.typingEnds` says that it stays.
   */
  | { type: "typing"; to: Target; answering?: string; over?: boolean }
  /** Puts a sign under a message that is being answered, or takes it away again (`over`). Best effort. */
  | { type: "seen"; to: Target; messageId: string; over?: boolean }
  /** What the model does at the moment, for channels that can show it (the console). Best effort. */
  | { type: "activity"; to: Target; text: string }
  /**
   * Nothing is said to an event with this `answerTo`: the platform need not wait any more. `text`: a few words for
   * whoever pressed a button, where the platform can show them. Best effort.
   */
  | { type: "dismiss"; to: Target; answerTo: string; text?: string };

/** How a send ended. Exactly one of these; `send` never throws. */
export type Sent =
  | { outcome: "sent"; messageId: string }
  /**
   * Certainly not delivered; may be tried again after so many milliseconds. `unreached`: the platform could not be reached
   * at all, which is no attempt.
   */
  | { outcome: "retry"; afterMs: number; reason: string; unreached?: true }
  /** Who carries it is not there, and says when that changes. `given`: it may have been delivered before that. */
  | { outcome: "absent"; reason: string; given?: true }
  /** The platform refused the markup; the same part may be sent as plain text. */
  | { outcome: "markup"; reason: string }
  /** Certainly not delivered and never will be. `gone`: the message that was to be edited is not there any more. */
  | { outcome: "failed"; reason: string; gone?: true }
  /** The chat has another id now; nothing was delivered. */
  | { outcome: "moved"; chatId: string }
  /**
   * The request may have left and no answer came: it may or may not have been delivered. `mayRepeat` where it
   * probably never arrived (the connection could not be made or was lost at once), absent after a time-out. `keyless`
   * where the platform's send key does not cover this one.
   */
  | { outcome: "unknown"; reason: string; mayRepeat?: boolean; keyless?: boolean };

/** A platform's limits as data; streaming, splitting, pacing and retry read them. */
export interface Limits {
  /** Longest text of one message, in UTF-16 units after rendering. */
  text: number;
  /** Most parts of one answer; a longer one is cut with a notice. */
  parts: number;
  /** How an unfinished answer is shown: `drafts` where the chat is direct, `edits` of one message, or not at all. */
  streaming: { direct: "drafts" | "edits" | "none"; group: "drafts" | "edits" | "none" };
  /** Least time between two edits or drafts of one message, in milliseconds. */
  editIntervalMs: number;
  /** Most edits of one message, the final one included. */
  editsPerMessage: number;
  /** Most sends to one chat a minute. */
  perMinute: number;
  /** Sends to all chats together a second, for what goes to many at once; absent where there is no such limit. */
  fanOutPerSecond?: number;
  /** A key that makes a repeated send harmless, for so many milliseconds; absent where the platform has none. */
  sendKey?: { windowMs: number; maxLength: number };
  /** Typing has to be shown again after this many milliseconds; 0 where there is no typing. */
  typingMs: number;
  /** Typing stays until a `typing` with `over` takes it away. */
  typingEnds?: boolean;
  /** A message that is being answered can get a sign for so long. */
  seen?: boolean;
  /** What may be sent beside text. */
  files: FileLimits;
  /** Whether it shows `choices`. */
  buttons?: true;
  /** Whether all that is said begins with `Name: ` (a number that is shared with its owner), unless a variable says otherwise. */
  prefix: boolean;
}

/** What a platform is to know of an install. */
export interface Install {
  /** Its public address, without a slash at the end. */
  url: string;
  commands: readonly { name: string; args?: string; help: string }[];
}

/** What a platform answered, in sentences for the owner that hold no secret. `ok`: there is nothing to mend. */
export interface Report {
  ok: boolean;
  said: string[];
}

/** What a channel may use of the outside. `vars` are the Worker's variables and secrets, by name. */
export interface ChannelEnv {
  vars: Readonly<Record<string, string | undefined>>;
  fetch: typeof fetch;
  /** For an address that an event or an answer named: only public hosts are called. Rejects where it refuses. */
  fetchNamed(url: string, init: RequestInit): Promise<Response>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Sends a frame to every open console socket of the group. Only there inside the group's object. */
  broadcast?(frame: string): void;
  /** The companion, for networks that only it can reach. Not there while a webhook is read. */
  companion?: Companion;
}

/**
 * A platform.
 * *Contract:* pure but for `env`; `receive` verifies before it parses and never throws; `send` never throws and
 * says `unknown` whenever the request may have arrived.
 */
export interface Channel {
  name: string;
  limits: Limits;
  /** Why this channel cannot work with these variables, in a sentence that names the variable; undefined if it can. */
  problem(vars: ChannelEnv["vars"]): string | undefined;
  /** Verifies and reads one webhook request. */
  receive(request: Request, env: ChannelEnv): Promise<Received>;
  /**
   * Reads an event that the companion passes on as the platform gave it. Undefined for what is no event; rejects where
   * the platform has to be asked and does not answer.
   */
  readRaw?(event: unknown, env: ChannelEnv): Promise<Inbound[] | undefined>;
  /** Renders markdown and cuts it to the platform's limit. Never empty for non-blank text. */
  render(markdown: string): Part[];
  send(send: Send, env: ChannelEnv): Promise<Sent>;
  /** The variables that it needs, by name. */
  needs: readonly string[];
  /** Tells the platform where this install is and which commands it has, and says what the platform answered. */
  setup?(install: Install, env: ChannelEnv): Promise<Report>;
  /** The companion carries it: `probe` then asks that alone, and costs nothing. */
  carried?: true;
  /** Asks the platform whether it knows us and reaches us. Changes nothing. */
  probe?(env: ChannelEnv): Promise<Report>;
  /** Fetches an attachment's bytes, or says why not. The caller must consume or cancel the body. */
  download(attachment: Attachment, env: ChannelEnv): Promise<Download>;
}

/** Joins channel and chat id. */
export function addressOf(channel: string, chatId: string): Address {
  return `${channel}:${chatId}`;
}

/** Splits an address at its first colon. Throws on a string without one. */
export function parseAddress(address: string): { channel: string; chatId: string } {
  const colon = address.indexOf(":");
  if (colon < 1) throw new Error(`"${address}" is not an address; write channel:chatId, e.g. telegram:1001`);
  return { channel: address.slice(0, colon), chatId: address.slice(colon + 1) };
}
