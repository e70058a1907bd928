import { DatabaseSync } from "node:sqlite";
import type { Command, Result, Up } from "../../channels/frames.ts";
import { newMark } from "../clock.ts";

type Numbered<T extends Up["type"]> = Omit<Extract<Up, { type: T }>, "seq">;
/** What has to reach the Worker: an event or a result, without its number. */
export type Item = Numbered<"event"> | Numbered<"raw"> | Numbered<"result">;

/** The oldest item of a lane. Items of one lane are delivered one after the other. */
export interface Head {
  seq: number;
  lane: string;
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
const HEAD = "select seq, lane, not_before as notBefore from items where refused is null";
/** Results are known for longer than the Worker asks again. Refused events are kept for a look. */
const KEPT_MS = 3 * 24 * 3600_000;
const REFUSED_KEPT = 100;

/** The companion's memory on its disk: what waits to be delivered, and what it was asked to do. */
export class Store {
  readonly #db: DatabaseSync;
  /** By lane; those that had a turn last are last. Looked up lane by lane: all lanes at once cost the whole table. */
  readonly #heads: Map<string, Head>;
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
    this.#heads = new Map(this.#firstHeads().map((head) => [head.lane, head]));
  }

  close(): void {
    this.#db.close();
  }

  /** Answers the item's number. */
  add(lane: string, item: Item): number {
    const seq = this.#insert(lane, item);
    this.#waits(lane, seq);
    return seq;
  }

  /** The oldest item of each lane. */
  heads(): Iterable<Head> {
    return this.#heads.values();
  }

  item(seq: number): Item {
    return JSON.parse(this.#db.prepare("select item from items where seq = ?").get(seq)!.item as string);
  }

  waiting(): number {
    return Number(this.#db.prepare("select count(*) as n from items where refused is null").get()!.n);
  }

  /** The Worker has these. */
  delivered(seqs: readonly number[]): void {
    const forget = this.#db.prepare("delete from items where seq = ? returning lane");
    for (const seq of seqs) this.#nextOf(forget.get(seq));
  }

  postpone(seq: number, until: number): void {
    this.#nextOf(
      this.#db.prepare("update items set not_before = ? where seq = ? returning lane").get(until, seq),
    );
  }

  /** The Worker will never take it: it is set aside, so that the rest of its lane goes on. */
  setAside(seq: number, reason: string): void {
    const refuse = this.#db.prepare("update items set refused = ? where seq = ? returning lane");
    this.#nextOf(refuse.get(reason, seq));
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
    const lane = `result:${id}`;
    this.#db.exec("begin immediate");
    try {
      this.#db.prepare("update commands set result = ? where id = ?").run(JSON.stringify(result), id);
      const seq = this.#insert(lane, { type: "result", id, result });
      this.#db.exec("commit");
      this.#waits(lane, seq);
    } catch (error) {
      this.#db.exec("rollback");
      throw error;
    }
  }

  #insert(lane: string, item: Item): number {
    const insert = this.#db.prepare("insert into items (lane, item) values (?, ?)");
    return Number(insert.run(lane, JSON.stringify(item)).lastInsertRowid);
  }

  /** Behind what waits in its lane already. */
  #waits(lane: string, seq: number): void {
    if (!this.#heads.has(lane)) this.#heads.set(lane, { seq, lane, notBefore: 0 });
  }

  /** An item of this lane is another than it was. */
  #nextOf(changed: Record<string, unknown> | undefined): void {
    if (!changed) return;
    const lane = changed.lane as string;
    const head = this.#db.prepare(`${HEAD} and lane = ? order by seq limit 1`).get(lane);
    this.#heads.delete(lane);
    if (head) this.#heads.set(lane, head as unknown as Head);
  }

  #firstHeads(): Head[] {
    const oldest = "select min(seq) from items where refused is null group by lane";
    return this.#db.prepare(`${HEAD} and seq in (${oldest}) order by seq`).all() as unknown as Head[];
  }

  #identity(): string {
    const known = this.#db.prepare("select id from identity").get();
    if (known) return known.id as string;
    const id = newMark();
    this.#db.prepare("insert into identity (id) values (?)").run(id);
    return id;
  }
}
