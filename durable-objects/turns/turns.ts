import { aliasedTable, and, asc, eq, isNull, lte, ne, notExists, or, sql } from "drizzle-orm";
import type { Step } from "../../agent/journal.ts";
import type { Tool } from "../../agent/tools/tool.ts";
import type { Database } from "../database.ts";
import type { Backlog } from "../messages/backlog.ts";
import type { Fate, Inbox } from "../messages/inbox.ts";
import type { Transcript } from "../messages/transcript.ts";
import { prepared } from "../prepared.ts";
import type { Room } from "../room.ts";
import { approvals, steps, turns } from "../schema.ts";
import type { Ledger } from "../usage.ts";

export type TurnRow = typeof turns.$inferSelect;

/** Claims without progress after which a turn is given up, and claims in all. A machine that is killed often needs some. */
const ATTEMPTS = 12;
const CLAIMS = 30;
/** Pauses after the first, second and third failed attempt, in milliseconds, and after each later one. */
const PAUSES = [0, 2000, 10_000];
const LATER_PAUSE = 30_000;
/** Where not even giving up works, the pause doubles up to this. */
const LONGEST_PAUSE = 3600_000;

/** The first open turn of each lane: the chat's in the order in which they were opened, the others by their time. */
const OPEN_CHAT = prepared((db) => firstOpen(db, "chat", turns.id));
const OPEN_SIDE = prepared((db) => firstOpen(db, "side", turns.notBefore));
/** Ended turns that the directory has not settled yet. */
const UNCLOSED = prepared((db) =>
  db
    .select()
    .from(turns)
    .where(and(eq(turns.closed, false), ne(turns.state, "open")))
    .limit(20)
    .prepare(),
);
/** The lane's oldest open turn that is due and that nobody of this boot works on. */
const UNFINISHED = prepared((db) => {
  const dead = or(isNull(turns.boot), ne(turns.boot, sql.placeholder("boot")));
  const open = and(eq(turns.state, "open"), eq(turns.lane, sql.placeholder("lane")));
  const due = and(open, dead, lte(turns.notBefore, sql.placeholder("now")), mayBegin(db));
  return db.select().from(turns).where(due).orderBy(asc(turns.id)).limit(1).prepare();
});

function firstOpen(db: Database, lane: TurnRow["lane"], order: typeof turns.id | typeof turns.notBefore) {
  const open = and(eq(turns.state, "open"), eq(turns.lane, lane), mayBegin(db));
  return db.select({ at: turns.notBefore }).from(turns).where(open).orderBy(asc(order)).limit(1).prepare();
}

/** An approved call waits for the end of the turn that asked: until then nobody can read what was asked for. */
function mayBegin(db: Database) {
  const asking = aliasedTable(turns, "asking");
  const stillOpen = and(eq(approvals.id, turns.run), eq(asking.state, "open"));
  const unfinished = db
    .select({ id: asking.id })
    .from(approvals)
    .innerJoin(asking, eq(asking.id, approvals.turn))
    .where(stillOpen);
  return or(ne(turns.kind, "approval"), notExists(unfinished));
}

/** Turns: opened by waking messages, claimed by a boot, ended once. */
export class Turns {
  readonly #room: Room;
  readonly #inbox: Inbox;
  readonly #transcript: Transcript;
  readonly #backlog: Backlog;
  readonly #ledger: Ledger;

  constructor(room: Room, inbox: Inbox, transcript: Transcript, backlog: Backlog, ledger: Ledger) {
    this.#room = room;
    this.#inbox = inbox;
    this.#transcript = transcript;
    this.#backlog = backlog;
    this.#ledger = ledger;
  }

  /** When a lane has something to do next, in milliseconds. */
  nextAt(lane: TurnRow["lane"] = "chat"): number | undefined {
    if (this.#room.paused) return undefined;
    const open = (lane === "chat" ? OPEN_CHAT : OPEN_SIDE)(this.#room.db).get();
    return open?.at ?? (lane === "chat" ? this.#inbox.next()?.notBefore : undefined);
  }

  /** Claims a lane's next turn: one that a dead boot or a failure left open, else (chat) a new one for what waits. */
  claim(lane: TurnRow["lane"] = "chat"): TurnRow | undefined {
    if (this.#room.paused) return undefined;
    return this.#room.transaction(() => {
      const row = this.#unfinished(lane) ?? (lane === "chat" ? this.#openNew() : undefined);
      if (!row) return undefined;
      const now = this.#room.now();
      // The time to answer counts from the claim: hours in which nothing ran are not the turn's fault.
      const deadlineAt = now + this.#room.turnTimeoutMs;
      const claim = { boot: this.#room.boot, attempts: row.attempts + 1, claims: row.claims + 1, deadlineAt };
      this.#room.db.update(turns).set(claim).where(eq(turns.id, row.id)).run();
      this.#ledger.settleDead(row.id);
      return { ...row, ...claim };
    });
  }

  /** Whether a turn has been claimed too often without getting anywhere. Counted before the work. */
  exhausted(turn: TurnRow): boolean {
    return turn.attempts > ATTEMPTS || turn.claims > CLAIMS;
  }

  /** Gives a claim back after the host's own failure, to be tried again later. */
  release(turn: TurnRow, error: string): void {
    const change = { boot: null, notBefore: this.#room.now() + pauseAfter(turn.attempts), error };
    this.#room.db
      .update(turns)
      .set(change)
      .where(and(eq(turns.id, turn.id), eq(turns.state, "open")))
      .run();
  }

  /** The chat's turn that waits for its next attempt, if one does. */
  waiting(): TurnRow | undefined {
    const open = and(eq(turns.state, "open"), eq(turns.lane, "chat"), isNull(turns.boot));
    return this.#room.db.select().from(turns).where(open).orderBy(asc(turns.id)).limit(1).get();
  }

  /** Opens a compaction, asked for by `/compact`. False where one of this thread is open. */
  openCompaction(thread: string): boolean {
    const same = and(eq(turns.state, "open"), eq(turns.kind, "compact"), eq(turns.thread, thread));
    if (this.#room.db.select({ id: turns.id }).from(turns).where(same).limit(1).get()) return false;
    this.#room.db.insert(turns).values(this.#blank("compact", thread)).run();
    return true;
  }

  /** Opens a turn beside the chat: a task's run or a heartbeat. Answers its id. */
  openSide(side: Pick<TurnRow, "kind" | "thread" | "trust"> & { run: string }): string {
    const row = { ...this.#blank(side.kind, side.thread), ...side, lane: "side" as const };
    this.#room.db.insert(turns).values(row).run();
    return row.id;
  }

  /**
   * Keeps the call of another agent as a turn that has ended, so that nobody claims it, with its step as started. What
   * it says comes from outside.
   */
  recordCall(
    by: string,
    { name, risk }: Pick<Tool, "name" | "risk">,
    input: string,
  ): { turn: TurnRow; step: Step } {
    const now = this.#room.now();
    const ended = { state: "silent" as const, closed: true, endedAt: now, lane: "side" as const };
    const turn: TurnRow = { ...this.#blank("agent", ""), ...ended, trust: "outside", trace: by };
    const step: Step = {
      id: `${turn.id}.main.0`,
      kind: "tool",
      round: 0,
      state: "started",
      name,
      risk,
      input,
    };
    this.#room.transaction(() => {
      this.#room.db.insert(turns).values(turn).run();
      const row = { ...step, risk, turn: turn.id, phase: "main" as const, seq: 0, startedAt: now };
      this.#room.db.insert(steps).values(row).run();
    });
    return { turn, step };
  }

  /** Tries an open turn again later, with its journal. */
  postpone(turn: string, notBefore: number, error: string): void {
    this.#room.db.update(turns).set({ boot: null, notBefore, error }).where(eq(turns.id, turn)).run();
  }

  /** Ends a turn that is not wanted any more and that nobody works on. */
  abandon(turn: string, error: string): void {
    const change = { state: "stopped" as const, endedAt: this.#room.now(), boot: null, error };
    this.#room.db
      .update(turns)
      .set(change)
      .where(and(eq(turns.id, turn), eq(turns.state, "open")))
      .run();
  }

  /** Ends a turn and its messages. Call it inside the transaction that writes what was said. */
  end(turn: TurnRow, state: Exclude<TurnRow["state"], "open">, fate: Fate, error?: string): void {
    const change = { state, endedAt: this.#room.now(), boot: null, error: error ?? null };
    this.#room.db.update(turns).set(change).where(eq(turns.id, turn.id)).run();
    this.#backlog.add(turn);
    this.#inbox.settle(turn.id, fate, error);
  }

  /** Ended turns that the directory has not settled yet. */
  unclosed(): TurnRow[] {
    return UNCLOSED(this.#room.db).all();
  }

  closed(turn: string): void {
    this.#room.db.update(turns).set({ closed: true }).where(eq(turns.id, turn)).run();
  }

  get(id: string): TurnRow | undefined {
    return this.#room.db.select().from(turns).where(eq(turns.id, id)).get();
  }

  /** What an unfinished turn did so far, in a line for each different call, for people and for the next turn. */
  done(turn: string): string[] {
    const rows = this.#room.db.select().from(steps).where(eq(steps.turn, turn)).orderBy(asc(steps.seq)).all();
    const tools = rows.filter((row) => row.kind === "tool" && row.state === "done");
    const lines = tools.map((row) => `${row.name} ${(row.input ?? "").slice(0, 80)}`);
    return [...new Set(lines)];
  }

  #unfinished(lane: TurnRow["lane"]): TurnRow | undefined {
    return UNFINISHED(this.#room.db).get({ lane, boot: this.#room.boot, now: this.#room.now() });
  }

  /** No new turn overtakes one that waits for its next attempt: answers stay in order. */
  #openNew(): TurnRow | undefined {
    const open = and(eq(turns.state, "open"), eq(turns.lane, "chat"));
    if (this.#room.db.select({ id: turns.id }).from(turns).where(open).limit(1).get()) return undefined;
    const next = this.#inbox.next();
    if (!next || next.notBefore > this.#room.now()) return undefined;
    const row = this.#blank("chat", next.thread);
    this.#room.db.insert(turns).values(row).run();
    this.#inbox.consume(row.id, 0, next.thread);
    return row;
  }

  #blank(kind: TurnRow["kind"], thread: string): TurnRow {
    const id = this.#room.newId();
    const now = this.#room.now();
    return {
      id,
      lane: "chat",
      kind,
      thread,
      session: this.#transcript.session(thread).id,
      state: "open",
      boot: null,
      attempts: 0,
      claims: 0,
      notBefore: now,
      createdAt: now,
      deadlineAt: now + this.#room.turnTimeoutMs,
      endedAt: null,
      error: null,
      model: null,
      run: null,
      closed: false,
      trust: this.#room.main ? "owner" : "member",
      trace: id,
    };
  }
}

/** Never shorter than the one before. */
function pauseAfter(attempts: number): number {
  const beyond = 2 ** Math.max(0, attempts - ATTEMPTS);
  return PAUSES[attempts - 1] ?? Math.min(LONGEST_PAUSE, LATER_PAUSE * beyond);
}
