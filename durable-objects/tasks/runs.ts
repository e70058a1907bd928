import { and, asc, desc, eq, inArray, isNotNull, lte, sql } from "drizzle-orm";
import { whyNoMore } from "../messages/actors.ts";
import type { Transcript } from "../messages/transcript.ts";
import type { Outbox } from "../outbox/outbox.ts";
import type { Room } from "../room.ts";
import { OPEN_RUNS, outbox, runs, tasks } from "../schema.ts";
import type { Turns } from "../turns/turns.ts";
import type { Ledger } from "../usage.ts";
import { outcomeOf } from "./outcome.ts";
import { lateness } from "./words.ts";

export type TaskRow = typeof tasks.$inferSelect;
export type RunRow = typeof runs.$inferSelect;

/** How a run ends. */
export interface RunEnd {
  state: "ok" | "failed" | "cancelled";
  result?: string;
  error?: string;
}

/** Pauses before a failed run is tried again, in milliseconds; then its slot has failed. */
const LADDER = [30_000, 60_000, 5 * 60_000, 15 * 60_000, 60 * 60_000];
/** Ended runs of a task that are kept. */
const KEPT = 100;
/** Characters of a result that are kept. */
const RESULT = 200;
/** Written out, so that SQLite can use the index of the open runs. */
const QUEUED = sql`${runs.state} = 'queued'`;
const DELIVERING = sql`${runs.state} = 'delivering'`;

/** What a run works with. */
interface Hands {
  outbox: Outbox;
  transcript: Transcript;
  turns: Turns;
  ledger: Ledger;
  say(key: string, text: string, thread: string): void;
  tellMain(key: string, text: string): void;
  stop(turn: string): void;
}

/** The runs of tasks: started one at a time, tried again on a ladder, ended once, each with its fate. */
export class Runs {
  readonly #room: Room;
  readonly #hands: Hands;

  constructor(room: Room, hands: Hands) {
    this.#room = room;
    this.#hands = hands;
  }

  get(id: string): RunRow | undefined {
    return this.#room.db.select().from(runs).where(eq(runs.id, id)).get();
  }

  task(id: string): TaskRow | undefined {
    return this.#room.db.select().from(tasks).where(eq(tasks.id, id)).get();
  }

  /** The last runs of a task, newest first. */
  of(task: string, limit = 20): RunRow[] {
    const mine = this.#room.db.select().from(runs).where(eq(runs.task, task));
    return mine.orderBy(desc(runs.id)).limit(limit).all();
  }

  /** Writes what becomes of a slot. A slot that has its fate keeps it. */
  add(fields: Pick<RunRow, "task" | "slot" | "state"> & Partial<RunRow>): RunRow | undefined {
    const blank = { manual: false, slots: 1, until: fields.slot, turn: null, attempts: 0, lateMs: 0 };
    const rest = {
      startedAt: null,
      endedAt: null,
      result: null,
      trust: null,
      error: null,
      usd: 0,
      tokens: 0,
    };
    const row = { ...blank, ...rest, id: this.#room.newId(), ...fields };
    const added = this.#room.db.insert(runs).values(row).onConflictDoNothing().returning().all()[0];
    if (row.endedAt !== null) this.#prune(row.task);
    return added;
  }

  /**
   * Starts the oldest queued run of a task, unless one is under way or waits to be tried again, or the chat is paused.
   * Call it inside a transaction.
   */
  startNext(id: string): void {
    const task = this.task(id);
    if (!task || task.run || !this.#room.active || this.retrying(id)) return;
    const next = this.#queued(task);
    if (!next) return;
    const why = whyNoMore(this.#room, task);
    if (why) return this.end(next, { state: "cancelled", error: why });
    const now = this.#room.now();
    const run = { ...next, startedAt: now, lateMs: Math.max(0, next.manual ? 0 : now - next.slot) };
    this.#room.db.update(tasks).set({ run: run.id }).where(eq(tasks.id, id)).run();
    if (task.kind === "message") this.#send(task, run);
    else this.#open(task, run);
  }

  /** Starts what was queued while the chat was paused. */
  startWaiting(): void {
    if (!this.#room.active) return;
    const waiting = this.#room.db.selectDistinct({ task: runs.task }).from(runs).where(QUEUED).all();
    for (const { task } of waiting) this.#room.transaction(() => this.startNext(task));
  }

  /** The run of a task that waits for its next attempt. */
  retrying(task: string): RunRow | undefined {
    const waiting = and(eq(runs.task, task), eq(runs.state, "retrying"));
    return this.#room.db.select().from(runs).where(waiting).limit(1).get();
  }

  /** Tries it again now. */
  hasten(run: RunRow): void {
    this.#hands.turns.postpone(run.turn!, this.#room.now(), run.error ?? "it failed");
  }

  /** The turn of a run was claimed: nothing else of its task starts until it ends. */
  began(turn: { run: string | null }): void {
    const run = turn.run ? this.get(turn.run) : undefined;
    if (run?.state !== "retrying") return;
    this.#change(run, { state: "running" });
    this.#room.db.update(tasks).set({ run: run.id }).where(eq(tasks.id, run.task)).run();
  }

  /** A turn failed: the same run is tried again later, or its slot has failed. Call it inside a transaction. */
  failed(run: RunRow, error: string): "again" | "ended" {
    const pause = LADDER[run.attempts];
    if (pause === undefined || !this.task(run.task)) {
      this.end(run, { state: "failed", error });
      return "ended";
    }
    this.#change(run, { state: "retrying", attempts: run.attempts + 1, error });
    this.#room.db.update(tasks).set({ run: null }).where(eq(tasks.id, run.task)).run();
    this.#hands.turns.postpone(run.turn!, this.#room.now() + pause, error);
    return "again";
  }

  /** What was said is queued: the run has ended when it arrived. */
  delivering(run: RunRow, result: string, trust: TaskRow["trust"]): void {
    this.#change(run, { state: "delivering", result: result.slice(0, RESULT), trust });
  }

  /** Ends the runs whose messages have arrived, or will not. Answers whether there were any. */
  settleDelivered(): boolean {
    const waiting = this.#room.db.select().from(runs).where(DELIVERING).all();
    const ended = waiting.filter((run) => {
      const end = this.#delivery(run);
      if (end) this.#room.transaction(() => this.end(run, end));
      return end !== undefined;
    });
    return ended.length > 0;
  }

  /** Ends a run and starts the next one. Call it inside the transaction of its cause. */
  end(run: RunRow, end: RunEnd): void {
    this.#close(run, end);
    this.startNext(run.task);
  }

  #close(run: RunRow, { state, result, error }: RunEnd): void {
    const cost = run.turn ? this.#hands.ledger.ofTurn(run.turn) : { usd: 0, tokens: 0 };
    const said = result === undefined ? {} : { result: result.slice(0, RESULT) };
    this.#change(run, { state, endedAt: this.#room.now(), error: error ?? null, ...said, ...cost });
    this.#prune(run.task);
    const task = this.task(run.task);
    if (task) this.#settle(task, { ...run, ...said }, { state, error });
  }

  #settle(task: TaskRow, run: RunRow, end: Pick<RunEnd, "state" | "error">): void {
    const { change, told } = outcomeOf(task, run, end, this.#room.timezone);
    const changedAt = change.state ? { changedAt: this.#room.now() } : {};
    this.#room.db
      .update(tasks)
      .set({ ...change, ...changedAt })
      .where(eq(tasks.id, task.id))
      .run();
    if (told) this.#tell(task, run, told);
    if (change.state === "done") this.cancel(task.id, "the task is over", ["queued"]);
    if (change.state === "paused") this.cancel(task.id, "the task was paused", ["queued"]);
  }

  #tell(task: TaskRow, run: RunRow, text: string): void {
    const key = `task:${run.id}:${task.failures}`;
    this.#hands.say(key, text, task.thread);
    if (!run.manual) this.#hands.tellMain(key, text);
  }

  /** Gives up what waits: queued slots, and a retry or a run that is under way. Starts nothing. */
  cancel(task: string, reason: string, states: readonly RunRow["state"][] = OPEN_RUNS): void {
    const mine = and(eq(runs.task, task), inArray(runs.state, [...states]));
    for (const run of this.#room.db.select().from(runs).where(mine).orderBy(asc(runs.slot)).all()) {
      if (run.turn && run.state !== "delivering") this.#hands.turns.abandon(run.turn, reason);
      if (run.turn && run.state === "running") this.#hands.stop(run.turn);
      // What is on its way can't be called back; its row tells how it ended.
      if (run.state !== "delivering") this.#close(run, { state: "cancelled", error: reason });
    }
  }

  /** A new slot takes the place of a retry that still waits. */
  supersede(task: string): void {
    const run = this.retrying(task);
    if (!run) return;
    this.#hands.turns.abandon(run.turn!, "its next slot came");
    this.#close(run, { state: "failed", error: `${run.error ?? "failed"}; then its next slot came` });
  }

  /** A task that does not go its way runs only by hand. */
  #queued({ id, state }: TaskRow): RunRow | undefined {
    const byHand = state === "active" ? undefined : eq(runs.manual, true);
    const mine = and(eq(runs.task, id), QUEUED, byHand);
    return this.#room.db.select().from(runs).where(mine).orderBy(asc(runs.slot)).limit(1).get();
  }

  #send(task: TaskRow, run: RunRow): void {
    const { id, lateMs } = run;
    const late = lateness(run, this.#room.timezone);
    const text = late ? `${task.text}\n\n_(${late})_` : task.text;
    this.#change(run, {
      state: "delivering",
      startedAt: run.startedAt,
      lateMs,
      turn: id,
      result: task.text.slice(0, RESULT),
    });
    if (task.deliver) this.say(task, { key: `run:${id}`, text, turn: id, trust: task.trust });
    else this.end({ ...run, turn: id }, { state: "ok", result: task.text });
  }

  /**
   * Says something of a task in its chat, with the label of what it was made of. The model sees it too, unless the task
   * keeps to itself.
   */
  say(task: TaskRow, saying: { key: string; text: string; turn: string; trust: TaskRow["trust"] }): void {
    const { thread, trace } = task;
    const id = this.#hands.outbox.say({ ...saying, thread, trace, fanOut: true });
    if (!id) return;
    const role = task.context === "isolated" ? ("notice" as const) : ("assistant" as const);
    const { transcript } = this.#hands;
    const session = transcript.session(thread).id;
    const { text, turn, trust } = saying;
    transcript.addOurs({ id, role, text, thread, session, turn, trust });
  }

  #open(task: TaskRow, run: RunRow): void {
    const turn = this.#hands.turns.openSide({
      kind: "task",
      run: run.id,
      thread: task.thread,
      trust: task.trust,
    });
    this.#change(run, { state: "running", startedAt: run.startedAt, lateMs: run.lateMs, turn });
  }

  #delivery(run: RunRow): RunEnd | undefined {
    const said = this.#room.db
      .select({ state: outbox.state, reason: outbox.reason })
      .from(outbox)
      .where(eq(outbox.turn, run.turn!))
      .all();
    if (said.some(({ state }) => ["queued", "sending", "streaming"].includes(state))) return undefined;
    const lost = said.find(({ state }) => state !== "sent");
    if (!lost) return { state: "ok" };
    const what =
      lost.state === "unknown" ? "it is not known whether it arrived" : "it could not be delivered";
    return { state: "failed", error: `${what}: ${lost.reason ?? "no reason was given"}` };
  }

  #change(run: RunRow, change: Partial<RunRow>): void {
    this.#room.db.update(runs).set(change).where(eq(runs.id, run.id)).run();
  }

  #prune(task: string): void {
    const { db } = this.#room;
    const mine = db.select({ id: runs.id }).from(runs).where(eq(runs.task, task));
    const oldest = mine.orderBy(desc(runs.id)).limit(1).offset(KEPT).get();
    if (!oldest) return;
    const ended = and(eq(runs.task, task), lte(runs.id, oldest.id), isNotNull(runs.endedAt));
    db.delete(runs).where(ended).run();
  }
}
