import type { Address, Chat, Inbound } from "../channels/channel.ts";
import type { ShownMessage } from "../channels/web/frames.ts";

/** What `receive` did with an event. It returns only after the event is stored. */
export interface Receipt {
  /** `accepted`: stored and it will end in one terminal state. `duplicate`: seen before. `dropped`: refused by a rule. */
  outcome: "accepted" | "duplicate" | "dropped";
  id?: string;
  reason?: string;
}

/** A group's settings; the directory is their owner, the group keeps a copy with its version. */
export interface GroupSettings {
  version: number;
  address: Address;
  name: string;
  folder: string;
  registered: boolean;
  main: boolean;
  type: Chat["type"];
  /** What a message must start with; undefined: `@` + ASSISTANT_NAME. */
  trigger?: string;
  requiresTrigger: boolean;
  /** IANA zone; undefined: the install's. */
  timezone?: string;
  /** Overrides `MODEL`. */
  model?: string;
}

/** What `/status` and `nanoflare status` show of a group. */
export interface GroupStatus {
  address: string;
  name: string;
  registered: boolean;
  main: boolean;
  model: string;
  why: string;
  /** Messages accepted and not yet in a terminal state. */
  waiting: number;
  running: boolean;
  /** Sends that are queued or on their way. */
  outbox: number;
  /** Sends that ended `failed` or `unknown` and were not resent. */
  deadLetters: number;
  lastError?: string;
  /** Spent today by this group, in USD and tokens. */
  spentUsd: number;
  spentTokens: number;
  files: number;
}

/** A send that an operator should see. */
export interface DeadLetter {
  id: string;
  state: "failed" | "unknown";
  text: string;
  reason: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/** The verbs of a group's object, as the doors call them. A WebSocket upgrade goes through `fetch`. */
export interface GroupVerbs {
  receive(event: Inbound): Promise<Receipt>;
  /** Stops the running turn. True when one ran. */
  stop(): Promise<boolean>;
  status(): Promise<GroupStatus>;
  history(range: { before?: string; after?: string; limit: number }): Promise<ShownMessage[]>;
  /** Takes over settings if their version is newer. */
  configure(settings: GroupSettings): Promise<void>;
  /** The watchdog's knock: takes up what is due and arms the alarm. */
  wake(): Promise<void>;
  deadLetters(): Promise<DeadLetter[]>;
  /** Queues a dead letter again. False when there is none with that id. */
  resend(id: string): Promise<boolean>;
}

/** An install's state, for `nanoflare status`. */
export interface InstallStatus {
  groups: { address: string; name: string; folder: string; registered: boolean; main: boolean; lastActiveAt: number }[];
  pending: { address: string; title: string; at: number }[];
  spentUsd: number;
  spentTokens: number;
  budgetUsd: number;
  budgetTokens: number;
}

/** The verbs of the directory, as the doors call them. */
export interface DirectoryVerbs {
  status(): Promise<InstallStatus>;
  /** A one-time code for `/main CODE`: 8 characters, one hour. */
  mainCode(): Promise<string>;
  /** Finds a group by address or name. */
  find(nameOrAddress: string): Promise<GroupSettings | undefined>;
  /** Registers a pending chat by title, address or pairing code; the answer is a sentence for people. */
  register(titleOrAddress: string): Promise<string>;
  remove(nameOrAddress: string): Promise<string>;
  /** Addresses of groups that are overdue; the hourly sweep wakes them. */
  overdue(): Promise<Address[]>;
  /** One-time links to the console. `redeem` answers the session token for the cookie, once per link. */
  adminLink(): Promise<string>;
  redeem(code: string): Promise<string | undefined>;
  /** Whether a console session token is valid. */
  session(token: string): Promise<boolean>;
}
