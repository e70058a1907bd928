import { DatabaseSync } from "node:sqlite";
import {
  type AuthenticationCreds,
  type AuthenticationState,
  BufferJSON,
  initAuthCreds,
  proto,
  type SignalDataSet,
  type SignalDataTypeMap,
  type WAMessage,
} from "baileys";

const TABLES = `
  create table if not exists auth (name text primary key, value text not null);
  create table if not exists messages (chat text not null, id text not null, message blob not null, at integer not null, primary key (chat, id));
  create index if not exists messages_by_time on messages (at);
  create table if not exists sent (id text primary key, at integer not null);
  create table if not exists numbers (address text primary key);
  create table if not exists groups (id text primary key, subject text not null);
`;
const DAY_MS = 24 * 3600_000;
/** Messages are kept for quotes, files and repeated encryption; what we sent, to know its echo. */
const MESSAGES_KEPT_MS = 14 * DAY_MS;
const SENT_KEPT_MS = 90 * DAY_MS;

/**
 * What a linked account needs on the disk: the keys of the link, and the messages of the last days. Each write is a
 * transaction of SQLite, so a crash leaves no half-written key.
 */
export class WhatsAppDisk {
  readonly #db: DatabaseSync;

  /** @param file its path; `:memory:` for none */
  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    this.#db.exec(
      `pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000; ${TABLES}`,
    );
  }

  close(): void {
    this.#db.close();
  }

  /** The keys of the link, as Baileys uses them. */
  auth(): { state: AuthenticationState; save(): void } {
    const creds = (this.#read("creds") as AuthenticationCreds | undefined) ?? initAuthCreds();
    const keys = {
      get: <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => this.#keys(type, ids),
      set: (data: SignalDataSet) => this.#setKeys(data),
    };
    return { state: { creds, keys }, save: () => this.#write("creds", creds) };
  }

  /** Whether an account is linked. */
  isLinked(): boolean {
    const creds = this.#read("creds") as AuthenticationCreds | undefined;
    // A pairing code that was asked for names the account before it is linked.
    return creds?.me !== undefined && creds.account !== undefined;
  }

  /** Forgets the link. */
  forget(): void {
    this.#db.exec("delete from auth; delete from messages; delete from groups; delete from numbers");
  }

  keep(message: WAMessage, now: number): void {
    const { remoteJid, id } = message.key;
    if (!remoteJid || !id || !message.message) return;
    const bytes = proto.WebMessageInfo.encode(message).finish();
    this.#db
      .prepare("insert or replace into messages (chat, id, message, at) values (?, ?, ?, ?)")
      .run(remoteJid, id, bytes, now);
  }

  /** A message by its id; without the chat the newest that has it. */
  message(id: string, chat?: string): WAMessage | undefined {
    const row = this.#db
      .prepare("select message from messages where id = ? and chat = coalesce(?, chat) order by at desc")
      .get(id, chat ?? null);
    return row && (proto.WebMessageInfo.decode(row.message as Uint8Array) as WAMessage);
  }

  /** Call it before it is sent: then its echo is known whatever happens. */
  willSend(id: string, now: number): void {
    this.#db.prepare("insert or ignore into sent (id, at) values (?, ?)").run(id, now);
  }

  sentByUs(id: string): boolean {
    return this.#db.prepare("select 1 from sent where id = ?").get(id) !== undefined;
  }

  /** A direct chat is known by a phone number only. */
  keepNumber(address: string): void {
    this.#db.prepare("insert or ignore into numbers (address) values (?)").run(address);
  }

  /** Whether a chat was known by this phone number only; true once. */
  takeNumber(address: string): boolean {
    return this.#db.prepare("delete from numbers where address = ?").run(address).changes > 0;
  }

  keepTitle(group: string, subject: string): void {
    this.#db.prepare("insert or replace into groups (id, subject) values (?, ?)").run(group, subject);
  }

  titleOf(group: string): string | undefined {
    return this.#db.prepare("select subject from groups where id = ?").get(group)?.subject as
      | string
      | undefined;
  }

  forgetOld(now: number): void {
    this.#db.prepare("delete from messages where at < ?").run(now - MESSAGES_KEPT_MS);
    this.#db.prepare("delete from sent where at < ?").run(now - SENT_KEPT_MS);
  }

  #keys<T extends keyof SignalDataTypeMap>(type: T, ids: string[]): { [id: string]: SignalDataTypeMap[T] } {
    const found: { [id: string]: SignalDataTypeMap[T] } = {};
    for (const id of ids) {
      const value = this.#read(`${type}:${id}`);
      const isSync = type === "app-state-sync-key" && value;
      found[id] = (
        isSync ? proto.Message.AppStateSyncKeyData.fromObject(value) : value
      ) as SignalDataTypeMap[T];
    }
    return found;
  }

  #setKeys(data: SignalDataSet): void {
    this.#db.exec("begin immediate");
    try {
      for (const [type, values] of Object.entries(data))
        for (const [id, value] of Object.entries(values ?? {})) this.#write(`${type}:${id}`, value);
      this.#db.exec("commit");
    } catch (error) {
      this.#db.exec("rollback");
      throw error;
    }
  }

  #read(name: string): object | undefined {
    const row = this.#db.prepare("select value from auth where name = ?").get(name);
    return row && JSON.parse(row.value as string, BufferJSON.reviver);
  }

  #write(name: string, value: unknown): void {
    if (value === null || value === undefined) {
      this.#db.prepare("delete from auth where name = ?").run(name);
      return;
    }
    const text = JSON.stringify(value, BufferJSON.replacer);
    this.#db.prepare("insert or replace into auth (name, value) values (?, ?)").run(name, text);
  }
}
