import WebSocket from "ws";
import { CLOSE, HEALTH_MS } from "../../channels/frames.ts";
import { jittered } from "../clock.ts";
import { Pulse } from "./pulse.ts";
import type { Session } from "./session.ts";

const FIRST_PAUSE_MS = 500;
/**
 * Short: who comes back is to be heard within five seconds. A first packet that is lost goes out again after one and three
 * seconds, and then only after seven: by then it is a new attempt.
 */
const LONGEST_PAUSE_MS = 2000;
const HANDSHAKE_MS = 5000;
const REFUSED_PAUSE_MS = 60_000;

export interface ConnectionOptions {
  /** The install's address, without a slash at its end, at this moment. */
  url(): string;
  token: string;
  say(line: string): void;
  /** The line is another companion's for good, or the two cannot understand each other. `fix`: what to do. */
  ended(reason: string, fix: string): void;
}

/** What to do before a companion that was sent away is started again, by the code. */
const FIXES: Record<number, string> = {
  [CLOSE.unauthorized.code]: "First give it the Worker's BRIDGE_TOKEN.",
  [CLOSE.superseded.code]: "First stop the other companion, or remove this one.",
  [CLOSE.version.code]: "First bring both to the same version of nanoflare.",
};

/** The socket to the Worker, made again whenever it breaks. */
export class Connection {
  readonly #options: ConnectionOptions;
  #session!: Session;
  #socket: WebSocket | undefined;
  #pause = FIRST_PAUSE_MS;
  #timer: NodeJS.Timeout | undefined;
  #pulse: Pulse | undefined;
  #stopped = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  start(session: Session): void {
    this.#session = session;
    this.#connect();
  }

  send(text: string): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(text);
  }

  stop(): void {
    this.#stopped = true;
    this.#quiet();
    this.#socket?.close(CLOSE.going.code, "The companion ends.");
  }

  #connect(): void {
    const { url, token } = this.#options;
    const address = `${url().replace(/^http/, "ws")}/bridge`;
    const socket = new WebSocket(address, {
      headers: { authorization: `Bearer ${token}` },
      handshakeTimeout: HANDSHAKE_MS,
      maxPayload: 1024 * 1024,
    });
    this.#socket = socket;
    socket.on("open", () => this.#opened(socket));
    socket.on("message", (data, isBinary) => this.#heard(isBinary ? "" : data.toString()));
    socket.on("unexpected-response", (_, { statusCode }) => {
      socket.terminate();
      this.#refused(address, statusCode ?? 0);
    });
    // What an error means is told by the close that follows it.
    socket.on("error", () => undefined);
    socket.on("close", (code, reason) => this.#closed(socket, code, reason.toString()));
  }

  #opened(socket: WebSocket): void {
    this.#options.say("The line to the Worker is open.");
    this.#session.opened();
    this.#pulse = new Pulse(socket);
    this.#timer = setInterval(() => this.#session.health(), HEALTH_MS);
  }

  #heard(text: string): void {
    if (text === "pong") return this.#pulse?.heard("object");
    this.#session.heard(text);
    if (this.#session.isOpen) this.#pause = FIRST_PAUSE_MS;
  }

  #refused(address: string, status: number): void {
    if (status !== 401 && status !== 403) return this.#options.say(`${address} answered ${status}.`);
    this.#pause = REFUSED_PAUSE_MS;
    this.#options.say(
      `${address} refuses the companion: BRIDGE_TOKEN differs from the Worker's, or is not set there. It is tried again every minute.`,
    );
  }

  #closed(socket: WebSocket, code: number, reason: string): void {
    if (socket !== this.#socket) return;
    this.#quiet();
    this.#session.closed();
    if (this.#stopped) return;
    const known = Object.values(CLOSE).find((close) => close.code === code);
    if (known && !known.again) return this.#options.ended(reason, FIXES[code] ?? "");
    const pause = jittered(Math.max(this.#pause, known?.pauseMs ?? 0));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
    this.#timer = setTimeout(() => this.#connect(), pause);
  }

  #quiet(): void {
    clearTimeout(this.#timer);
    this.#pulse?.stop();
  }
}
