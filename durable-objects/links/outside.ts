import type { Address, Inbound } from "../../channels/channel.ts";
import type { ConnectorState, Down } from "../../channels/frames.ts";
import type { Database } from "../database.ts";

/** A companion's socket: what the platform's WebSocket and a test's have in common. */
export interface Socket {
  send(text: string): void;
  close(code: number, reason: string): void;
  /** What is kept with the socket while the object sleeps. */
  serializeAttachment(value: unknown): void;
  deserializeAttachment(): unknown;
}

/** What is kept with a socket. Before `hello` there is no companion. */
export interface Attached {
  companion?: string;
  epoch: number;
  version?: string;
  /** When it was heard last, in milliseconds. */
  seenAt: number;
  connectors: ConnectorState[];
}

/** What the switchboard uses of the outside. */
export interface Outside {
  db: Database;
  now(): number;
  sockets(): Socket[];
  /** Whether the companion may speak for this channel. */
  carries(channel: string): boolean;
  /** Reads an event as its platform gave it. Undefined for what is none; rejects where it may be read later. */
  read(channel: string, event: unknown): Promise<Inbound[] | undefined>;
  /** Stores an event in its group. Throws when it could not be stored; then it may be tried again. */
  receive(event: Inbound): Promise<void>;
  /** Tells a group that the companion, which it asked in vain, can work for it. */
  knock(address: Address): Promise<void>;
  /** Has main told something, once a key. */
  tellMain(key: string, text: string): Promise<void>;
  /** Sets the object's one alarm, or takes it away. */
  arm(at: number | null): void;
  /** One transaction. Nothing in `work` may await. */
  transaction<T>(work: () => T): T;
  /** Logs what failed. */
  report(what: string, error: unknown): void;
}

export function attachedOf(socket: Socket): Attached {
  return (socket.deserializeAttachment() as Attached | null) ?? { epoch: 0, seenAt: 0, connectors: [] };
}

/** Sends a frame. A socket that is closing loses it: what matters is sent again to the next one. */
export function tell(socket: Socket, frame: Down): void {
  try {
    socket.send(JSON.stringify(frame));
  } catch {
    // Its companion comes again.
  }
}
