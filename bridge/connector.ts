import type { Inbound } from "../channels/channel.ts";
import type { Command, ConnectorState, Hint, Result } from "../channels/frames.ts";

/** A network that the companion holds a connection to. */
export interface Connector {
  /** The channel's name, as in addresses. */
  channel: string;
  /** Connects and stays connected. Returns at once. */
  start(): void;
  /** Lets go in good order. */
  stop(): Promise<void>;
  state(): ConnectorState;
}

/** A network that only the companion can speak to. */
export interface Carrier extends Connector {
  /** Does a command. Must be harmless when it is done again with the same id, after a crash. Never throws. */
  run(id: string, command: Command): Promise<Result>;
  hint(hint: Hint): Promise<void>;
}

/** What a connector uses of the companion. */
export interface Host {
  now(): number;
  /** Stores an event for the Worker. When this returns it is on the disk. */
  event(event: Inbound): void;
  /**
   * The same of an event that only the Worker can read, in a lane of the connector's. Resolves when the Worker has it, or
   * refused it for good.
   */
  raw(channel: string, lane: string, event: unknown): Promise<void>;
  /** The connector's state is another one. */
  changed(): void;
  /** Brings a file to the Worker and gives its key. `name`: 64 hex digits. Rejects when it does not arrive. */
  upload(name: string, bytes: Uint8Array): Promise<string>;
  /** Fetches a file that is to be sent, by its key. Rejects when it does not come. */
  fetchMedia(key: string): Promise<Buffer>;
  /** Tells the person at the terminal. */
  say(line: string): void;
  /** Shows the person at the terminal a QR code. */
  show(qr: string): void;
}
