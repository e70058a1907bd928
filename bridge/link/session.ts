import {
  type Command,
  type ConnectorState,
  type Down,
  downSchema,
  type Hint,
  PROTOCOL,
  readFrame,
  type Up,
} from "../../channels/frames.ts";
import type { Item, OpenCommand, Store } from "./store.ts";

/** Items on their way at once. */
const WINDOW = 32;
/** What is not taken yet is offered again ever more slowly, up to so many milliseconds. */
const SLOWEST_MS = 5 * 60_000;
/** Refusals after which the person at the terminal is told, once. */
const MANY = 5;

/** What a session uses of the outside. */
export interface SessionPort {
  version: string;
  now(): number;
  send(frame: Up): void;
  connectors(): ConnectorState[];
  /** There may be new commands in the store. */
  work(): void;
  hint(channel: string, hint: Hint): void;
  /** Calls `look` after so many milliseconds. */
  later(ms: number): void;
  /** Tells the person at the terminal one line. */
  say(line: string): void;
}

/**
 * The companion's side of the protocol, over whatever carries frames. An item stays in the store until the Worker says
 * that it has it, and is sent again after each new connection. Of each lane one item is on its way at a time, so the
 * messages of a chat arrive in order.
 */
export class Session {
  readonly #store: Store;
  readonly #port: SessionPort;
  /** Lanes by the number of the item that is on its way. */
  readonly #onTheWay = new Map<number, string>();
  /** Who wants to know when an item is settled, by its number. */
  readonly #watched = new Map<number, () => void>();
  /** How often the Worker did not take an item yet, by its number; counted anew after a restart. */
  readonly #refusals = new Map<number, number>();
  /** When the next look is due that was asked for, in milliseconds; 0: none was. */
  #lookAt = 0;
  #welcome = false;

  constructor(store: Store, port: SessionPort) {
    this.#store = store;
    this.#port = port;
  }

  get isOpen(): boolean {
    return this.#welcome;
  }

  /** A connection was made. */
  opened(): void {
    this.closed();
    const { version } = this.#port;
    const connectors = this.#port.connectors();
    this.#port.send({
      type: "hello",
      protocol: PROTOCOL,
      companion: this.#store.companion,
      version,
      connectors,
    });
  }

  /** The connection is gone: what was on its way is sent again. */
  closed(): void {
    this.#welcome = false;
    this.#onTheWay.clear();
  }

  /** Stores what has to reach the Worker and sends it when its turn comes. Answers its number. */
  deliver(lane: string, item: Item): number {
    const seq = this.#store.add(lane, item);
    this.pump();
    return seq;
  }

  /** Resolves when the Worker has an item that was just delivered, or refused it for good. */
  settled(seq: number): Promise<void> {
    return new Promise((done) => this.#watched.set(seq, done));
  }

  health(): void {
    if (!this.#welcome) return;
    this.#port.send({ type: "health", connectors: this.#port.connectors(), waiting: this.#store.waiting() });
  }

  heard(data: unknown): void {
    const frame = readFrame(downSchema, data);
    if (frame) this.#answer(frame);
  }

  /** What was postponed may be due. */
  look(): void {
    this.#lookAt = 0;
    this.pump();
  }

  /** Sends what may be sent now. */
  pump(): void {
    if (!this.#welcome) return;
    const busy = new Set(this.#onTheWay.values());
    for (const { seq, lane, notBefore } of this.#store.heads()) {
      if (busy.size >= WINDOW) return;
      if (busy.has(lane)) continue;
      if (notBefore > this.#port.now()) {
        this.#lookLater(notBefore);
        continue;
      }
      busy.add(lane);
      this.#onTheWay.set(seq, lane);
      this.#port.send({ ...this.#store.item(seq), seq });
    }
  }

  /** One look for all that wait: the first that is due. */
  #lookLater(at: number): void {
    if (this.#lookAt > 0 && this.#lookAt <= at) return;
    this.#lookAt = at;
    this.#port.later(at - this.#port.now());
  }

  #answer(frame: Down): void {
    switch (frame.type) {
      case "welcome":
        this.#welcome = true;
        return this.pump();
      case "ack":
        this.#store.delivered(frame.seqs);
        this.#settle(frame.seqs);
        return this.#arrived(frame.seqs);
      case "refused":
        return this.#refused(frame);
      case "command":
        return this.#command(frame);
      case "hint":
        return this.#port.hint(frame.channel, frame.hint);
    }
  }

  #refused({ seq, reason, afterMs }: Extract<Down, { type: "refused" }>): void {
    if (afterMs === undefined) {
      this.#port.say(`The Worker does not take an event (${reason}): it is set aside.`);
      this.#store.setAside(seq, reason);
      this.#settle([seq]);
    } else this.#postpone(seq, reason, afterMs);
    this.#arrived([seq]);
  }

  /** Nothing is given up: what a wrong setting keeps out is taken when that is mended. */
  #postpone(seq: number, reason: string, afterMs: number): void {
    const times = (this.#refusals.get(seq) ?? 0) + 1;
    this.#refusals.set(seq, times);
    const pause = Math.min(afterMs * 2 ** (times - 1), SLOWEST_MS);
    this.#store.postpone(seq, this.#port.now() + pause);
    if (times === MANY)
      this.#port.say(
        `The Worker cannot take an event, and its chat waits (${reason}); npx nanoflare channels status may say why. It is offered again, ever more slowly.`,
      );
  }

  /** It is on the disk before the Worker hears so. */
  #command({ id, channel, command }: OpenCommand & { command: Command }): void {
    const known = this.#store.take({ id, channel, command }, this.#port.now());
    this.#port.send({ type: "ack", ids: [id] });
    if (known === "new") this.#port.work();
    if (known === "done") this.pump();
  }

  #settle(seqs: readonly number[]): void {
    for (const seq of seqs) {
      this.#watched.get(seq)?.();
      this.#watched.delete(seq);
      this.#refusals.delete(seq);
    }
  }

  #arrived(seqs: readonly number[]): void {
    for (const seq of seqs) this.#onTheWay.delete(seq);
    this.pump();
  }
}
