import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientFrame, ServerFrame, ShownMessage } from "../channels/web/frames.ts";
import { ask, clientOf, type Target, unreachable } from "./client.ts";
import { Trouble } from "./trouble.ts";

const CHAT = "cli:main";
/** A lost connection is tried again so often, with such a pause: a restart takes about three seconds. */
const TRIES = 60;
const PAUSE_MS = 500;

/** What one may watch while an answer is made. */
export interface Watcher {
  /** The answer as far as it is written; replaces what was there before. */
  draft?(text: string): void;
  /** What the assistant does at the moment; empty: nothing. */
  activity?(text: string): void;
}

/** How one exchange ended. */
export interface Outcome {
  /** What the assistant said, in order, as markdown. */
  replies: string[];
  /** Why there was no answer: `failed`, `cancelled`. */
  note?: string;
}

/**
 * The chat of the command line. One exchange at a time. A connection that is lost is made again and the message is
 * said again with its key, so that it counts once.
 */
export class Conversation {
  readonly #target: Target;
  #socket: WebSocket | undefined;
  #heard: (frame: ServerFrame | "closed") => void = () => undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Connects. Throws `Trouble` when nothing answers or the token is refused. */
  async open(): Promise<void> {
    const url = `${this.#target.url.replace(/^http/, "ws")}/api/chat/${encodeURIComponent(CHAT)}/socket`;
    const socket = new WebSocket(url, {
      headers: { authorization: `Bearer ${this.#target.token}` },
    } as never);
    const opened = await new Promise<boolean>((done) => {
      socket.addEventListener("open", () => done(true), { once: true });
      socket.addEventListener("error", () => done(false), { once: true });
    });
    if (!opened) await this.#explain();
    socket.addEventListener("message", ({ data }) => this.#heard(JSON.parse(String(data)) as ServerFrame));
    socket.addEventListener("close", () => this.#socket === socket && this.#heard("closed"));
    this.#socket = socket;
  }

  close(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  /** Asks for the running turn to stop. */
  stop(): void {
    this.#say({ type: "stop" });
  }

  /** Says something and resolves when it is answered. Throws `Trouble` when it is refused or the install is gone. */
  exchange(text: string, watcher: Watcher = {}): Promise<Outcome> {
    const say: ClientFrame = { type: "send", key: randomUUID(), text };
    let since = "";
    return new Promise((resolve, reject) => {
      this.#heard = (frame) => {
        if (frame === "closed") return void this.#reopen().then(() => this.#say(say), reject);
        switch (frame.type) {
          case "accepted":
            if (frame.key === say.key) since = frame.id || since;
            return this.#look(since);
          case "refused":
            return reject(new Trouble(frame.text));
          case "draft":
            return watcher.draft?.(frame.text);
          case "activity":
            return watcher.activity?.(frame.text);
          case "busy":
            return frame.busy ? undefined : this.#look(since);
          case "message":
            return frame.message.from === "assistant" ? this.#look(since) : undefined;
          case "welcome": {
            // An answer to an earlier look says nothing about this message.
            const outcome = frame.busy || !since ? undefined : outcomeOf(frame.messages, since);
            if (outcome) resolve(outcome);
          }
        }
      };
      this.#say(say);
    });
  }

  /** Asks for everything after our message: frames alone do not say which of them was the last. */
  #look(since: string): void {
    if (since) this.#say({ type: "hello", after: since });
  }

  #say(frame: ClientFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  async #reopen(): Promise<void> {
    for (let tries = 1; ; tries++) {
      await sleep(PAUSE_MS);
      const failed = await this.open().then(
        () => undefined,
        (error: Error) => error,
      );
      if (!failed) return;
      if (tries === TRIES) throw failed;
    }
  }

  /** A WebSocket does not say why it could not be opened; the API does. */
  async #explain(): Promise<never> {
    await ask(this.#target, clientOf(this.#target).status.$get());
    throw unreachable(this.#target);
  }
}

/** Ids sort by time: what comes after ours and is the assistant's, answers it. */
function outcomeOf(messages: ShownMessage[], since: string): Outcome | undefined {
  const ours = messages.find(({ id }) => id === since);
  const replies = messages.filter(({ id, from }) => from === "assistant" && id > since).map(textOf);
  if (ours?.note) return { replies, note: ours.note };
  return replies.length > 0 ? { replies } : undefined;
}

/** A terminal shows no files: it says their names, and where in the workspace they lay. */
function textOf({ text, files = [] }: ShownMessage): string {
  return [text, ...files.map(({ name, path }) => `[file ${name}: ${path}]`)].join("\n");
}
