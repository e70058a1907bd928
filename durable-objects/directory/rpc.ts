import type { WrittenSettings } from "../../agent/group-settings.ts";
import type { Author, Change, FileInfo, FileResult } from "../../agent/notebook.ts";
import type { Address, Chat, Person } from "../../channels/channel.ts";
import type { FileVersion } from "../files/file-versions.ts";
import type { GroupSettings } from "../rpc.ts";
import type { McpTokenAnswer, McpTokenRequest } from "./mcp-tokens.ts";

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
   * Registers a pending chat by title, address or pairing code. `folder`: of a removed group, whose files the chat takes
   * over. `by` is who asks, here and below: only main may; absent for the doors.
   */
  register(titleOrAddress: string, by?: By, folder?: string): Promise<Told>;
  /** Stops a group; its files stay. */
  remove(nameOrAddress: string, by?: By): Promise<Told>;
  /** Changes settings of a group. Nothing is changed where one of them can't be read. */
  configure(nameOrAddress: string, change: WrittenSettings, by?: By): Promise<Told>;
  /** Addresses of groups that are overdue; the hourly sweep wakes them. */
  overdue(): Promise<Address[]>;
  /** One-time links to the console. `redeem` answers the session token for the cookie, once per link. */
  adminLink(): Promise<string>;
  redeem(code: string): Promise<string | undefined>;
  /** Tokens of chats for other agents. A new one is shown once; `open` says which chat one opens. */
  mcpTokens(request: McpTokenRequest): Promise<McpTokenAnswer>;
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

/** `more`: groups that are registered and left out. */
export interface ByDue {
  groups: GroupSettings[];
  more: number;
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
  /** Milliseconds until so many sends that go to many chats may leave; their moments are taken then. Writes nothing. */
  lease(channel: string, sends: number): Promise<number>;
  /** The chats that are main. */
  mains(): Promise<Address[]>;
  /** Registered groups, those that are due first, then those active last: the first 25. */
  byDue(by?: Address): Promise<ByDue>;
  arrive(request: ArriveRequest): Promise<Arrival>;
  /** `/main CODE`. The same chat may repeat a code that it used. */
  claimMain(code: string, address: Address, chat: Chat): Promise<Claim>;
  /** Registers the chat that was given this pairing code. */
  approve(code: string, by?: By): Promise<Told>;
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
