import type { Choice } from "../press.ts";

/** The wire between a console page (or the CLI) and its group: JSON text frames over one WebSocket. */

/** A message as the page shows it. Ids sort by time; the same message has the same id for ever. */
export interface ShownMessage {
  id: string;
  from: "person" | "assistant";
  /** The sender's name. */
  name: string;
  /** Plain markdown as it was written. */
  text: string;
  /** Safe HTML, rendered from `text`; only for the assistant. */
  html?: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** The key that the sending page gave it, so that the page finds its own message again. */
  key?: string;
  /** The message ended without an answer, and why: `failed`, `cancelled`, `cut`. */
  note?: string;
  /** What was sent with it. */
  files?: ShownFile[];
  /** Buttons below it. */
  choices?: readonly Choice[];
}

/** A file as a page shows it; its address is `files/<id>/<name>` below the chat's. */
export interface ShownFile {
  /** The SHA-256 of its content. */
  id: string;
  name: string;
  /** Bytes. */
  size: number;
  /** It may be shown inside the page. */
  picture: boolean;
  /** Where it lay in the workspace. */
  path: string;
}

/** A task as the page shows it. */
export interface ShownTask {
  number: number;
  name: string;
  /** In words, with its zone. */
  schedule: string;
  /** Milliseconds since the epoch; null while it is paused or will not come again. */
  nextAt: number | null;
  state: "active" | "paused";
  running: boolean;
}

/** What a page says. */
export type ClientFrame =
  /** First frame: everything after `after` follows, or the last 50 messages without it. */
  | { type: "hello"; after?: string }
  /** `key` is the page's own unique id of the message: sent again after a reconnect, it counts once. */
  | { type: "send"; key: string; text: string }
  /** Older messages, for scrolling up. */
  | { type: "older"; before: string }
  /** A button of a message. `key` is the page's own unique id of the press. */
  | { type: "press"; key: string; message: string; value: string }
  | { type: "stop" };

/** What a group says. */
export type ServerFrame =
  /** Answer to `hello`; `busy` while a turn runs. `assistant` is the assistant's name. */
  | {
      type: "welcome";
      assistant: string;
      model: string;
      busy: boolean;
      messages: ShownMessage[];
      more: boolean;
      /** Too much was missed: `messages` are the last ones, and take the place of what the page shows. */
      anew?: boolean;
      /** The answer as far as it is written, as safe HTML; absent when none is. */
      draft?: string;
    }
  | { type: "older"; messages: ShownMessage[]; more: boolean }
  /** The group stored the message with this key; it will be answered or said why not. */
  | { type: "accepted"; key: string; id: string }
  /** A frame or message was refused; `text` says what to do. */
  | { type: "refused"; key?: string; text: string }
  | { type: "message"; message: ShownMessage }
  /** The answer as far as it is written; replaces the last draft. An empty `html` takes it away. */
  | { type: "draft"; text: string; html: string }
  /** What the assistant does at the moment, e.g. `bash: ls`. Empty: nothing. */
  | { type: "activity"; text: string }
  | { type: "busy"; busy: boolean }
  /** After `welcome`, and whenever one is made, changed, due or over: those that come first, and how many `more`. */
  | {
      type: "tasks";
      tasks: ShownTask[];
      more: number /** The group's clock, in milliseconds. */;
      now: number;
    };
