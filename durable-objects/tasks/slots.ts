import { and, asc, eq, isNotNull, isNull, lte, sql } from "drizzle-orm";
import { MOST_RUNS, type Settlement, settle } from "../../schedule/misfire.ts";
import { missedSlots, nextSlot } from "../../schedule/next.ts";
import { prepared } from "../prepared.ts";
import type { Room } from "../room.ts";
import { tasks } from "../schema.ts";
import type { Runs, TaskRow } from "./runs.ts";
import { moment, named } from "./words.ts";

/** Tasks that one look takes up, so that others get a word in between. */
const PAGE = 50;

const WHY_SKIPPED = {
  covered: "a later run stood for it",
  policy: "skipped by the task's misfire policy",
  "too-old": "more than 24 hours late",
} as const;

/**
 * The clock: gives every slot that has come exactly one fate. A slot is a row before its run begins, so a crash at any
 * line neither loses nor doubles it.
 */
export class Slots {
  readonly #room: Room;
  readonly #runs: Runs;
  readonly #say: (key: string, text: string, thread: string) => void;

  constructor(room: Room, runs: Runs, say: (key: string, text: string, thread: string) => void) {
    this.#room = room;
    this.#runs = runs;
    this.#say = say;
  }

  /** When the next slot comes, in milliseconds; undefined when none will. Tasks with a run under way wait for its end. */
  nextAt(): number | undefined {
    if (!this.#room.active) return undefined;
    return FIRST(this.#room.db).get()?.at ?? undefined;
  }

  /** Takes up slots that have come. True when there may be more. */
  fire(): boolean {
    this.follow();
    return this.#fire(this.#room.timezone);
  }

  /**
   * Cron tasks that follow the group's zone get new times where it has changed, however that became known: by settings,
   * or by the install's. What was due by the old clock keeps its fate.
   */
  follow(): void {
    const { timezone } = this.#room;
    const before = this.#room.get("zone") ?? timezone;
    if (before !== timezone) while (this.#fire(before));
    if (this.#room.get("zone") === timezone || !this.#room.registered) return;
    this.#room.transaction(() => {
      if (before !== timezone) this.#rezone();
      this.#room.set("zone", timezone);
    });
  }

  #fire(zone: string): boolean {
    if (!this.#room.active) return false;
    const due = COME(this.#room.db).all({ now: this.#room.now() });
    for (const task of due) this.#room.transaction(() => this.#settle(task, zone));
    return due.length === PAGE;
  }

  /** Slots that could not be taken up yet, in a paused chat or beside a run, are counted on the new clock. */
  #rezone(): void {
    const now = this.#room.now();
    const active = this.#room.db.select().from(tasks).where(eq(tasks.state, "active")).all();
    for (const task of active) {
      if (task.schedule.type !== "cron" || task.schedule.zone) continue;
      const waits = task.nextAt !== null && task.nextAt <= now;
      const after = waits ? task.handledTo : Math.max(task.handledTo, now);
      const nextAt = nextSlot(task.schedule, after, this.#room.timezone) ?? null;
      this.#change(task, { nextAt, handledTo: after });
    }
  }

  /** Slots that came while the task was paused are recorded as skipped. */
  pass(task: TaskRow, reason: string): number {
    const now = Math.max(this.#room.now(), task.handledTo);
    const { slots, count } = this.#missed(task, now, this.#room.timezone);
    if (count > 0) {
      const first = nextSlot(task.schedule, task.handledTo, this.#room.timezone)!;
      this.#skip(task, { first, last: slots.at(-1)!, count, reason });
    }
    return now;
  }

  #settle(task: TaskRow, zone: string): void {
    const now = Math.max(this.#room.now(), task.handledTo);
    const missed = this.#missed(task, now, zone);
    const { schedule, misfire } = task;
    const when = { after: task.handledTo, now };
    const settlement = settle(missed, when, { misfire, type: schedule.type });
    this.#runs.supersede(task.id);
    this.#record(task, settlement, zone);
    this.#change(task, { handledTo: now, nextAt: nextSlot(schedule, now, zone) ?? null });
    this.#runs.startNext(task.id);
    if (settlement.missed) this.#missedOnce(task);
  }

  #record(task: TaskRow, { fates, rest, missed }: Settlement, zone: string): void {
    if (rest) {
      const first = nextSlot(task.schedule, rest.after, zone)!;
      const last = Math.max(first, rest.before - 1);
      this.#skip(task, { first, last, count: rest.count, reason: WHY_SKIPPED[rest.reason] });
    }
    for (const fate of fates) {
      const { slot } = fate;
      if (fate.fate !== "skipped")
        this.#runs.add({ task: task.id, slot, state: "queued", lateMs: fate.lateBy });
      else {
        const state = missed ? ("missed" as const) : ("skipped" as const);
        const endedAt = this.#room.now();
        this.#runs.add({
          task: task.id,
          slot,
          state,
          lateMs: fate.lateBy,
          endedAt,
          error: WHY_SKIPPED[fate.reason],
        });
      }
    }
  }

  #skip(task: TaskRow, range: { first: number; last: number; count: number; reason: string }): void {
    const { first: slot, last: until, count: slots, reason: error } = range;
    this.#runs.add({ task: task.id, slot, until, slots, state: "skipped", error, endedAt: this.#room.now() });
  }

  /** Nothing is worse than a reminder that silently did not come. */
  #missedOnce(task: TaskRow): void {
    const { schedule } = task;
    if (schedule.type !== "once") return;
    const due = moment(schedule.at, this.#room.timezone);
    this.#say(
      `missed:${task.id}`,
      `${named(task)} was due ${due}, but I was not running then, so it was missed. It says: ${task.text.slice(0, 500)}`,
      task.thread,
    );
    this.#change(task, { state: "done", changedAt: this.#room.now() });
  }

  #missed(task: TaskRow, until: number, zone: string) {
    return missedSlots(task.schedule, { after: task.handledTo, until }, zone, MOST_RUNS);
  }

  #change(task: TaskRow, change: Partial<TaskRow>): void {
    this.#room.db.update(tasks).set(change).where(eq(tasks.id, task.id)).run();
  }
}

const DUE = and(eq(tasks.state, "active"), isNull(tasks.run), isNotNull(tasks.nextAt));
const FIRST = prepared((db) => {
  const first = db.select({ at: tasks.nextAt }).from(tasks).where(DUE);
  return first.orderBy(asc(tasks.nextAt)).limit(1).prepare();
});
const COME = prepared((db) => {
  const come = and(DUE, lte(tasks.nextAt, sql.placeholder("now")));
  return db.select().from(tasks).where(come).orderBy(asc(tasks.nextAt)).limit(PAGE).prepare();
});
