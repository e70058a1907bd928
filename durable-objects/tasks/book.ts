import { asc, desc, eq, inArray, sql } from "drizzle-orm";
import type { Room } from "../room.ts";
import { tasks } from "../schema.ts";
import type { TaskRow } from "./runs.ts";

/** Tasks of a group that the agent may make, and all there may be. */
const BY_AGENT = 100;
const IN_ALL = 1000;
/** Tasks that one list shows. */
const SHOWN = 200;

const LIVE = inArray(tasks.state, ["active", "paused"]);

/** The rows of a group's tasks. */
export class Book {
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  /** The tasks that are not over, in the order of their numbers. */
  list(): TaskRow[] {
    const live = this.#room.db.select().from(tasks).where(LIVE);
    return live.orderBy(asc(tasks.number)).limit(SHOWN).all();
  }

  /** Those that run, then those that come next, then those that are paused. */
  next(limit: number): TaskRow[] {
    const order = [sql`${tasks.run} is null`, sql`${tasks.nextAt} is null`, asc(tasks.nextAt)];
    const live = this.#room.db.select().from(tasks).where(LIVE);
    return live
      .orderBy(...order)
      .limit(limit)
      .all();
  }

  /** How many are not over. */
  count(): number {
    const all = { n: sql<number>`count(*)` };
    return this.#room.db.select(all).from(tasks).where(LIVE).get()!.n;
  }

  /** By number (`3`, `#3`), else by name; of several with one name the newest, those that are not over first. */
  find(asked: string): TaskRow | undefined {
    const word = asked.trim().replace(/^(?:task\s+)?#?/i, "");
    const { db } = this.#room;
    const numbered =
      /^\d{1,9}$/.test(word) &&
      db
        .select()
        .from(tasks)
        .where(eq(tasks.number, Number(word)))
        .get();
    if (numbered) return numbered;
    const same = sql`lower(${tasks.name}) = lower(${asked.trim()})`;
    return db.select().from(tasks).where(same).orderBy(desc(LIVE), desc(tasks.number)).limit(1).get();
  }

  /** The task that this cause made. */
  of(key: string): TaskRow | undefined {
    return this.#room.db.select().from(tasks).where(eq(tasks.key, key)).get();
  }

  add(row: TaskRow): void {
    this.#room.db.insert(tasks).values(row).run();
  }

  save(row: TaskRow): void {
    this.#room.db
      .update(tasks)
      .set({ ...row, changedAt: this.#room.now() })
      .where(eq(tasks.id, row.id))
      .run();
  }

  /** Why there may not be one more. */
  full(byAgent: boolean): string | undefined {
    const live = this.#room.db
      .select({ all: sql<number>`count(*)`, agent: sql<number>`coalesce(sum(${tasks.byAgent}), 0)` })
      .from(tasks)
      .where(LIVE)
      .get()!;
    if (live.all >= IN_ALL) return `This chat has ${IN_ALL} tasks, which is the most. Cancel some first.`;
    if (byAgent && live.agent >= BY_AGENT)
      return `I made ${BY_AGENT} tasks in this chat, which is the most. Cancel some first.`;
    return undefined;
  }

  /** The next number; none is given twice. */
  number(): number {
    const last =
      this.#room.db
        .select({ n: sql<number>`max(${tasks.number})` })
        .from(tasks)
        .get()?.n ?? 0;
    const number = Math.max(last, this.#room.get("lastTask") ?? 0) + 1;
    this.#room.set("lastTask", number);
    return number;
  }

  hint(): string {
    const rows = this.list().slice(0, 10);
    if (rows.length === 0) return "There are no tasks.";
    const name = (row: TaskRow) => (row.trust === "outside" ? "" : ` "${row.name}"`);
    return `Tasks: ${rows.map((row) => row.number + name(row)).join(", ")}.`;
  }
}
