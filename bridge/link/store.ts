import { DatabaseSync } from "node:sqlite";
import type { Command, Result, Up } from "../../channels/frames.ts";
import { newMark } from "../clock.ts";

type Numbered<T extends Up["type"]> = Omit<Extract<Up, { type: T }>, "seq">;
/** What has to reach the Worker: an event or a result, without its number. */
export type Item = Numbered<"event"> | Numbered<"raw"> | Numbered<"result">;

/** An item that waits. Items of one lane are delivered one after the other. */
export interface Waiting {
  seq: number;
  lane: string;
  item: Item;
  /** Milliseconds; not to be sent before. */
  notBefore: number;
}

export interface OpenCommand {
  id: string;
  channel: string;
  command: Command;
}

/** What was known of a command when it came in: nothing, that it is being done, or its result. */
export type Known = "new" | "under way" | "done";

const TABLES = `
  create table if not exists identity (id text not null);
  create table if not exists items (
    seq integer primary key autoincrement, lane text not null, item text not null,
    not_before integer not null default 0, refused text
  );
  create index if not exists items_by_lane on items (lane, seq) where refused is null;
  create table if not exists commands (
    id text primary key, channel text not null, command text not null, result text, at integer not null
  );
  create index if not exists commands_open on commands (at) where result is null;
`;
/** Results are known for longer than the Worker asks again. Refused events are kept for a look. */
const KEPT_MS = 3 * 24 * 3600_000;
const REFUSED_KEPT = 100;

/** The companion's memory on its disk: what waits to be delivered, and what it was asked to do. */
export class Store {
  readonly #db: DatabaseSync;
  /** The id of this disk. */
  readonly companion: string;

  /** @param file its path; `:memory:` for none */
  constructor(file: string) {
    this.#db = new DatabaseSync(file);
    // An acknowledged row must survive the loss of power.
    this.#db.exec(
      `pragma journal_mode = wal; pragma synchronous = full; pragma busy_timeout = 5000; ${TABLES}`,
    );
    this.companion = this.#identity();
  }

  close(): void {
    this.#db.close();
  }

  /** Answers the item's number. */
  add(lane: string, item: Item): number {
    const insert = this.#db.prepare("insert into items (lane, item) values (?, ?)");
    return Number(insert.run(lane, JSON.stringify(item)).lastInsertRowid);
  }

  /** The oldest item of each lane, oldest first. */
  heads(most: number): Waiting[] {
    const rows = this.#db
      .prepare(
        "select min(seq) as seq, lane, item, not_before from items where refused is null group by lane order by seq limit ?",
      )
      .all(most) as { seq: number; lane: string; item: string; not_before: number }[];
    return rows.map(({ seq, lane, item, not_before }) => ({
      seq,
      lane,
      item: JSON.parse(item) as Item,
      notBefore: not_before,
    }));
  }

  waiting(): number {
    return Number(this.#db.prepare("select count(*) as n from items where refused is null").get()!.n);
  }

  /** The Worker has these. */
  delivered(seqs: readonly number[]): void {
    const forget = this.#db.prepare("delete from items where seq = ?");
    for (const seq of seqs) forget.run(seq);
  }

  postpone(seq: number, until: number): void {
    this.#db.prepare("update items set not_before = ? where seq = ?").run(until, seq);
  }

  /** The Worker will never take it: it is set aside, so that the rest of its lane goes on. */
  setAside(seq: number, reason: string): void {
    this.#db.prepare("update items set refused = ? where seq = ?").run(reason, seq);
    this.#db
      .prepare(
        "delete from items where refused is not null and seq not in (select seq from items where refused is not null order by seq desc limit ?)",
      )
      .run(REFUSED_KEPT);
  }

  /** Keeps a command. One that is done is reported again; one that was not done is taken up anew. */
  take({ id, channel, command }: OpenCommand, now: number): Known {
    const row = this.#db.prepare("select result from commands where id = ?").get(id);
    if (!row) {
      this.#db.prepare("delete from commands where result is not null and at < ?").run(now - KEPT_MS);
      this.#db
        .prepare("insert into commands (id, channel, command, at) values (?, ?, ?, ?)")
        .run(id, channel, JSON.stringify(command), now);
      return "new";
    }
    if (row.result === null) return "under way";
    const result = JSON.parse(row.result as string) as Result;
    if (result.outcome === "done") {
      this.add(`result:${id}`, { type: "result", id, result });
      return "done";
    }
    this.#db.prepare("update commands set result = null where id = ?").run(id);
    return "new";
  }

  /** Commands that have no result yet, in the order in which they came. */
  open(): OpenCommand[] {
    const rows = this.#db
      .prepare("select id, channel, command from commands where result is null order by rowid")
      .all() as { id: string; channel: string; command: string }[];
    return rows.map(({ id, channel, command }) => ({ id, channel, command: JSON.parse(command) as Command }));
  }

  /** A command's result and the report of it, in one transaction. */
  finish(id: string, result: Result): void {
    this.#db.exec("begin immediate");
    try {
      this.#db.prepare("update commands set result = ? where id = ?").run(JSON.stringify(result), id);
      this.add(`result:${id}`, { type: "result", id, result });
      this.#db.exec("commit");
    } catch (error) {
      this.#db.exec("rollback");
      throw error;
    }
  }

  #identity(): string {
    const known = this.#db.prepare("select id from identity").get();
    if (known) return known.id as string;
    const id = newMark();
    this.#db.prepare("insert into identity (id) values (?)").run(id);
    return id;
  }
}
