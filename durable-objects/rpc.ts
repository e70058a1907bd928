import type { Hours, Mount, WrittenSettings } from "../agent/group-settings.ts";
import type { MemoryAnswer, MemoryRequest } from "../agent/memory.ts";
import type { Author, Change, FileInfo, FileResult } from "../agent/notebook.ts";
import type { TaskAnswer, TaskRequest } from "../agent/tasks.ts";
import type { Address, Chat, Inbound, Person } from "../channels/channel.ts";
import type { ShownMessage } from "../channels/web/frames.ts";
import type { FileVersion } from "./file-versions.ts";
import type { HandedOver } from "./hand-over.ts";
import type { MemoryAsker } from "./memory.ts";
import type { Asker } from "./tasks/desk.ts";

/** What `receive` did with an event. It returns only after the event is stored. */
export interface Receipt {
  /** `accepted`: stored and it will end in one terminal state. `duplicate`: seen before. `dropped`: refused by a rule. */
  outcome: "accepted" | "duplicate" | "dropped";
  id?: string;
  reason?: string;
  /** Nothing is going to be said to it. */
  quiet?: true;
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
  /** Seconds; overrides `HEARTBEAT_INTERVAL`, 0 is off. */
  heartbeatInterval?: number;
  /** The heartbeat beats between these times of a zone (the group's). */
  activeHours?: Hours;
  /** Ids of the people who may wake the assistant, `telegram:1001` or `1001`. Undefined: everyone; empty: nobody. */
  allow?: string[];
  /** `drop`: what people say who may not wake it is not stored. Undefined: it is context. */
  mode?: "drop";
  mounts?: Mount[];
  /** Override `BUDGET_GROUP_USD` and `BUDGET_GROUP_TOKENS`. */
  budgetUsd?: number;
  budgetTokens?: number;
  /** Seconds; overrides `TURN_TIMEOUT`. */
  turnTimeout?: number;
  /** Main chose the name; else it follows the chat's title. */
  named?: true;
  /** The group whose folder this one took over, as main let it. */
  adoptedFrom?: Address;
  /** Turns and tasks wait until main resumes them. */
  paused?: boolean;
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

/** Who changed what in a group, or was refused. */
export interface AuditEntry {
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
  /** Ids with their channel, e.g. `telegram:1001`; several where they spoke in one turn. */
  who: string;
  what: string;
  detail: string;
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
  /** Says something that is nobody's answer; once, however often it is called with one key. */
  notify(key: string, text: string): Promise<void>;
  /** The watchdog's knock: takes up what is due and arms the alarm. */
  wake(): Promise<void>;
  deadLetters(): Promise<DeadLetter[]>;
  /** Queues a dead letter again. False when there is none with that id. */
  resend(id: string): Promise<boolean>;
  /** Tasks, for main elsewhere and for the owner's doors. */
  tasks(request: TaskRequest, asker: Asker): Promise<TaskAnswer>;
  heartbeat(verb: "now" | "status"): Promise<string>;
  /** Memory files, their versions and bringing one back, for the owner's doors, which checked who asks. */
  memory(request: MemoryRequest, asker: MemoryAsker): Promise<MemoryAnswer>;
  /** Files of this folder from a path on, for the group that adopts it as main let it. */
  handOver(after: string): Promise<HandedOver>;
  /** The newest entries of the group's audit first. */
  audit(limit: number): Promise<AuditEntry[]>;
}

/** An install's state, for `nanoflare status`. */
export interface InstallStatus {
  groups: {
    address: string;
    name: string;
    folder: string;
    registered: boolean;
    main: boolean;
    lastActiveAt: number;
  }[];
  pending: { address: string; title: string; at: number }[];
  spentUsd: number;
  spentTokens: number;
  budgetUsd: number;
  budgetTokens: number;
}

/** Whether something was done, and what came of it in a sentence for people. */
export interface Told {
  ok: boolean;
  said: string;
}

/** The verbs of the directory, as the doors call them. */
export interface DirectoryVerbs {
  status(): Promise<InstallStatus>;
  /** A one-time code for `/main CODE`: 8 characters, one hour. */
  mainCode(): Promise<string>;
  /** Finds a group by address or name. `by` is the address that asks: to all but main no group exists. */
  find(nameOrAddress: string, by?: Address): Promise<GroupSettings | undefined>;
  /**
   * Registers a pending chat by title, address or pairing code; the answer is a sentence for people. `folder`: of a
   * removed group, whose files the chat takes over.
   */
  register(titleOrAddress: string, by?: By, folder?: string): Promise<string>;
  /** Stops a group; its files stay. `by` is who asks: only main may; absent for the doors. */
  remove(nameOrAddress: string, by?: By): Promise<string>;
  /** The same for the owner's doors, which tell success from refusal. */
  addGroup(titleOrAddress: string, folder?: string): Promise<Told>;
  removeGroup(nameOrAddress: string): Promise<Told>;
  setGroup(nameOrAddress: string, change: WrittenSettings): Promise<Told>;
  /** Addresses of groups that are overdue; the hourly sweep wakes them. */
  overdue(): Promise<Address[]>;
  /** One-time links to the console. `redeem` answers the session token for the cookie, once per link. */
  adminLink(): Promise<string>;
  redeem(code: string): Promise<string | undefined>;
  /** Whether a console session token is valid. */
  session(token: string): Promise<boolean>;
}

/** The name of the one directory object. */
export const DIRECTORY = "directory";

/** USD and tokens. */
export interface Money {
  usd: number;
  tokens: number;
}

/** A turn begins. `usd` and `tokens` are what it may need at most; without them, the turn's budget. */
export interface OpenRequest extends Partial<Money> {
  address: Address;
  turnId: string;
  chat: Pick<Chat, "type" | "title">;
}

export interface Opened {
  /** `registered` is false for a chat that nobody registered; its grant is empty. */
  settings: GroupSettings;
  /**
   * The most that this turn may have cost when it ends, counted from its beginning: reserved from the install's day.
   * Opening a turn again answers its reservation, enlarged if there is room.
   */
  grant: Money & { reason?: string };
  /** Grows with every change of a global file. */
  globalVersion: number;
}

/** A turn ended. The figures are of the whole turn, so closing twice is like once. */
export interface CloseRequest {
  turnId: string;
  usedUsd: number;
  usedTokens: number;
  /** Milliseconds since the epoch. */
  lastActivityAt: number;
  /** When the group has to be awake next, in milliseconds; null: never; absent: as before. */
  nextDueAt?: number | null;
}

/** A chat that is not registered was spoken to. */
export interface ArriveRequest {
  address: Address;
  chat: Chat;
  sender: Person;
  /** The sender is named in `ALLOW_FROM`. */
  allowed: boolean;
  addressed: boolean;
  /** The event's dedupe key: the same event asked again gets a code again, another event does not. */
  key?: string;
}

/** What a chat is to the directory. Exactly one of the four, or nothing: then it is not heard. */
export interface Arrival {
  /** It is registered now. */
  settings?: GroupSettings;
  /** A code that the person gives to the owner, who sends `/approve CODE`. Given once an hour. */
  pairing?: string;
  /** Main may register it; the directory tells main so, once a day. */
  pending?: true;
  /** The chat had another id before; that id's object keeps it. */
  forwardTo?: Address;
  /** Why it is not heard. */
  reason?: string;
}

/** `locked`: after too many wrong codes none of this chat is looked at for an hour. */
export type Claim = { ok: true; settings: GroupSettings } | { ok: false; reason: string; locked?: boolean };

/** Who asks the directory from a chat: its address, and the ids of the people who asked there. */
export interface Asking {
  address: Address;
  who: string;
}

/** An address alone where no person is known. */
export type By = Address | Asking;

/** What main is shown of a group, or why nothing. */
export interface GroupShown {
  said: string;
  settings?: GroupSettings;
}

/** Who changed whose rights and settings, or was refused. */
export interface RightsEntry {
  /** Milliseconds since the epoch. */
  at: number;
  what: string;
  /** The address or the file that it is about. */
  subject: string;
  /** Ids with their channel where they are known. */
  who: string;
  /** The address that asked, or `console`. */
  from: string;
  detail: string;
}

/** `before`: milliseconds; only older entries. `group`: an address. */
export interface AuditRequest {
  limit: number;
  before?: number;
  group?: Address;
}

/** The global files that changed after a version. */
export interface GlobalSnapshot {
  version: number;
  /** Text files carry their text; others are read with `globalBytes`. */
  files: { info: FileInfo; text?: string }[];
  /** Every path there is: what a copy has beside them is gone. */
  paths: string[];
}

/** The verbs of the directory, as the groups call them. `by` is the address that asks: only main may. */
export interface DirectoryRooms {
  open(request: OpenRequest): Promise<Opened>;
  close(request: CloseRequest): Promise<void>;
  /** When a group's tasks have to run next, in milliseconds; null: never. */
  due(address: Address, nextDueAt: number | null): Promise<void>;
  /** Has every main told something, once a key. */
  tellMain(key: string, text: string): Promise<void>;
  /** Registered groups, those that are due first, then those active last; at most 25. */
  byDue(by?: Address): Promise<GroupSettings[]>;
  arrive(request: ArriveRequest): Promise<Arrival>;
  /** `/main CODE`. The same chat may repeat a code that it used. */
  claimMain(code: string, address: Address, chat: Chat): Promise<Claim>;
  /** Registers the chat that was given this pairing code; the answer is a sentence for people. */
  approve(code: string, by?: By): Promise<string>;
  /** Changes settings of a group. Nothing is changed where one of them can't be read. */
  configure(nameOrAddress: string, change: WrittenSettings, by?: By): Promise<string>;
  /** Stops turns and tasks of a group, or of all without a name, or lets them go on. */
  pause(paused: boolean, nameOrAddress: string | undefined, by?: By): Promise<Told>;
  /** All settings of a group, for people and as data. */
  show(nameOrAddress: string, by?: By): Promise<GroupShown>;
  /** The newest entries first. Nothing for who may not read them; no tool asks. */
  auditLog(request: AuditRequest, by?: By): Promise<RightsEntry[]>;
  /** The registered groups in a line each, for people. */
  describeGroups(by?: Address): Promise<string>;
  /** A chat got another id. Answers the address of the object that keeps it. */
  moved(change: { from: Address; to: Address }): Promise<Address>;
  /** The address of the object that keeps a chat. */
  resolve(address: Address): Promise<Address>;
  globalSnapshot(sinceVersion: number): Promise<GlobalSnapshot>;
  globalBytes(path: string): Promise<FileResult<{ bytes: Uint8Array; info: FileInfo }>>;
  /** Global files of which versions are kept, and these, newest first. Nothing for who may not restore them. */
  globalKept(by?: Address): Promise<string[]>;
  globalVersions(path: string, by?: Address): Promise<FileVersion[]>;
  /** Refused as read-only unless `by` is main, or absent: the owner's doors. */
  globalRestore(
    path: string,
    version: number,
    author: Author,
    by?: Address,
  ): Promise<FileResult<{ written: FileInfo[] }>>;
  /** Refused as read-only unless `address` is main. */
  globalWrite(
    changes: Change[],
    author: Author,
    address: Address,
  ): Promise<FileResult<{ written: FileInfo[] }>>;
}
