import type WebSocket from "ws";

/**
 * The network answers a ping of the WebSocket protocol, which costs the Worker nothing:
 * https://developers.cloudflare.com/durable-objects/platform/pricing/
 */
const NETWORK = { everyMs: 4000, withinMs: 5000 };
/** The Worker's object answers this text without being woken. */
const OBJECT = { everyMs: 20_000, withinMs: 10_000 };

/** Ends a socket that nobody answers on any more, as when a network went away without a word. */
export class Pulse {
  readonly #socket: WebSocket;
  readonly #beats: NodeJS.Timeout[];
  readonly #waits = new Map<string, NodeJS.Timeout>();

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("pong", () => this.heard("network"));
    this.#beats = [
      setInterval(() => this.#beat("network", NETWORK.withinMs, () => socket.ping()), NETWORK.everyMs),
      setInterval(() => this.#beat("object", OBJECT.withinMs, () => socket.send("ping")), OBJECT.everyMs),
    ];
  }

  /** An answer came. */
  heard(from: "network" | "object"): void {
    clearTimeout(this.#waits.get(from));
    this.#waits.delete(from);
  }

  stop(): void {
    for (const timer of [...this.#beats, ...this.#waits.values()]) clearTimeout(timer);
  }

  /** A ping that waits for its answer already is not made again: the first one counts. */
  #beat(from: string, withinMs: number, ping: () => void): void {
    if (this.#waits.has(from) || this.#socket.readyState !== this.#socket.OPEN) return;
    this.#waits.set(
      from,
      setTimeout(() => this.#socket.terminate(), withinMs),
    );
    ping();
  }
}
