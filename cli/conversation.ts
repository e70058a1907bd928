import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientFrame, ServerFrame, ShownMessage } from "../channels/web/frames.ts";
import { ask, clientOf, type Target, unreachable } from "./client.ts";
import type { Seen } from "./seen.ts";
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
  /** A message is complete; it does not come among the replies then. */
  said?(text: string): void;
}

/** How one exchange ended. */
export interface Outcome {
  /** What the assistant said, in order, as markdown. */
  replies: string[];
  /** Why there was no answer: `failed`, `cancelled`. */
  note?: string;
}

interface Ends {
  /** The connection was lost. */
  again(): void;
  resolve(outcome: Outcome): void;
  reject(error: Error): void;
}

/**
 * The chat of the command line. One exchange at a time; between them `between` hears what comes by itself: reminders,
 * reports, notices. A connection that is lost is made again and the message is said again with its key, so that it
 * counts once.
 */
export class Conversation {
  readonly #target: Target;
  readonly #seen: Seen;
  readonly #between: ((text: string) => void) | undefined;
  #socket: WebSocket | undefined;
  #reopening: Promise<void> | undefined;
  #heard: (frame: ServerFrame | "closed") => void = (frame) => this.#listen(frame);

  /** @param between shows a message that answers nothing; without it such messages wait for a talk that shows them */
  constructor(target: Target, seen: Seen, between?: (text: string) => void) {
    this.#target = target;
    this.#seen = seen;
    this.#between = between;
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

  /** Shows what came since the last talk. Throws `Trouble` when the install is gone. */
  catchUp(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#heard = (frame) => {
        this.#listen(frame, reject);
        if (frame === "closed" || frame.type !== "welcome") return;
        this.#heard = (next) => this.#listen(next);
        resolve();
      };
      this.#hello();
    });
  }

  /** Says something and resolves when it is answered. Throws `Trouble` when it is refused or the install is gone. */
  exchange(text: string, watcher: Watcher = {}): Promise<Outcome> {
    const said = new Promise<Outcome>((resolve, reject) => {
      const say: ClientFrame = { type: "send", key: randomUUID(), text };
      const again = () =>
        void this.#reopen().then(() => {
          this.#hello();
          this.#say(say);
        }, reject);
      this.#heard = this.#exchanging(say.key, watcher, { again, resolve, reject });
      if (this.#socket?.readyState === WebSocket.OPEN) this.#say(say);
      else again();
    });
    return said.finally(() => {
      this.#heard = (frame) => this.#listen(frame);
    });
  }

  #exchanging(key: string, watcher: Watcher, end: Ends): (frame: ServerFrame | "closed") => void {
    let since = "";
    return (frame) => {
      if (frame === "closed") return end.again();
      switch (frame.type) {
        case "accepted":
          if (frame.key === key) since = frame.id || since;
          return this.#look(since);
        case "refused":
          return end.reject(new Trouble(frame.text));
        case "draft":
          return watcher.draft?.(frame.text);
        case "activity":
          return watcher.activity?.(frame.text);
        case "busy":
          return frame.busy ? undefined : this.#look(since);
        case "message":
          if (this.#between && watcher.said) this.#show([frame.message], "", watcher.said.bind(watcher));
          return frame.message.from === "assistant" ? this.#look(since) : undefined;
        case "welcome": {
          // The line was opened again as this was typed: what came meanwhile is shown before the answer marks it as seen.
          if (!since && this.#between && watcher.said && this.#seen.upTo)
            this.#show(frame.messages, this.#seen.upTo, watcher.said.bind(watcher));
          // An answer to an earlier look says nothing about this message.
          const outcome = frame.busy || !since ? undefined : this.#outcomeOf(frame.messages, since);
          if (outcome) end.resolve(outcome);
        }
      }
    };
  }

  /** What is heard while nobody waits for an answer. */
  #listen(frame: ServerFrame | "closed", lost: (error: Error) => void = () => undefined): void {
    if (frame === "closed") return void this.#reopen().then(() => this.#hello(), lost);
    if (!this.#between) return;
    if (frame.type === "message") this.#show([frame.message], "", this.#between);
    if (frame.type !== "welcome") return;
    // Who never looked has missed nothing.
    if (this.#seen.upTo) this.#show(frame.messages, this.#seen.upTo, this.#between);
    else this.#seen.markAll(frame.messages);
  }

  /** Told first, then kept: what a crash cuts off is told again rather than never. */
  #show(messages: ShownMessage[], since: string, show: (text: string) => void): void {
    const fresh = this.#seen.fresh(messages, since);
    for (const message of fresh) show(textOf(message));
    if (fresh.length > 0) this.#seen.markAll(fresh);
  }

  /** How it ended, if it did; what was shown already is not among the replies. */
  #outcomeOf(messages: ShownMessage[], since: string): Outcome | undefined {
    const ours = messages.find(({ id }) => id === since);
    const isAnswered = messages.some(({ id, from }) => from === "assistant" && id > since);
    if (!isAnswered && !ours?.note) return undefined;
    const missed = this.#between && this.#seen.upTo;
    const fresh = this.#seen.fresh(messages, missed || since);
    if (this.#between) this.#seen.markAll(fresh);
    else this.#seen.mark(fresh, since);
    return { replies: fresh.map(textOf), ...(ours?.note ? { note: ours.note } : {}) };
  }

  #hello(): void {
    this.#say({ type: "hello", ...(this.#seen.upTo ? { after: this.#seen.upTo } : {}) });
  }

  /** Asks for everything after our message: frames alone do not say which of them was the last. */
  #look(since: string): void {
    if (since) this.#say({ type: "hello", after: since });
  }

  #say(frame: ClientFrame): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #reopen(): Promise<void> {
    this.#reopening ??= this.#tryToOpen().finally(() => {
      this.#reopening = undefined;
    });
    return this.#reopening;
  }

  async #tryToOpen(): Promise<void> {
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

/** A terminal shows no files: it says their names, and where in the workspace they lay. */
function textOf({ text, files = [] }: ShownMessage): string {
  return [text, ...files.map(({ name, path }) => `[file ${name}: ${path}]`)].join("\n");
}
