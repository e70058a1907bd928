import { and, eq, inArray } from "drizzle-orm";
import { HOME } from "../../agent/notebook.ts";
import { hasSomethingToDo, inActiveHours, nextBeat } from "../../schedule/heartbeat.ts";
import type { Workspace } from "../files/workspace.ts";
import type { Room } from "../room.ts";
import { OPEN_RUNS, outbox, runs } from "../schema.ts";
import type { Turns } from "../turns/turns.ts";
import type { RunRow, Runs } from "./runs.ts";
import { moment, span } from "./words.ts";

/** What the runs of the heartbeat stand under: it is no task. */
export const HEARTBEAT = "heartbeat";
/** The same alert is not told again within this time, in milliseconds. */
const SILENCE_MS = 24 * 3600_000;
const FILE = `${HOME}/HEARTBEAT.md`;

/**
 * Looks at HEARTBEAT.md every half hour, for as long as something stands in it. Nothing is armed while there is
 * nothing to do; every write to the file passes this object, which then arms.
 */
export class Heartbeat {
  readonly #room: Room;
  readonly #turns: Turns;
  readonly #runs: Runs;
  readonly #workspace: Workspace;
  /** The text that was looked at last, and whether it asks for anything: arming happens often. */
  #seen: { text: string | undefined; busy: boolean } = { text: undefined, busy: false };

  constructor(room: Room, parts: { turns: Turns; runs: Runs; workspace: Workspace }) {
    this.#room = room;
    this.#turns = parts.turns;
    this.#runs = parts.runs;
    this.#workspace = parts.workspace;
  }

  /** The text of HEARTBEAT.md; empty where there is none. */
  get text(): string {
    return this.#room.settings ? (this.#workspace.text(FILE) ?? "") : "";
  }

  /** When it beats next, in milliseconds; undefined while it does not. Writes the first beat's start. */
  nextAt(): number | undefined {
    if (this.#every === 0 || !this.#room.active) return undefined;
    if (!this.#something()) return this.#rest();
    // One that is under way, or a busy chat, makes it wait; their end looks here again.
    if (this.#open() || this.#turns.nextAt() !== undefined) return undefined;
    const last = this.#room.get("beat") || this.#begin();
    return nextBeat({ last, every: this.#every, now: last, ...this.#hours });
  }

  /** Beats when it is time; one that comes too late for the active hours falls out. Answers whether it does. */
  beat(): boolean {
    const due = this.nextAt();
    const now = this.#room.now();
    if (due === undefined || due > now) return false;
    const last = due + Math.floor((now - due) / this.#every) * this.#every;
    const { hours, zone } = this.#hours;
    const awake = inActiveHours(hours, now, zone);
    this.#room.transaction(() => {
      this.#room.set("beat", last);
      if (awake) this.#start(last, false);
    });
    return awake;
  }

  /** Beats now, by hand. Says what happens. */
  now(): string {
    if (!this.#room.active) return "This chat is not served at the moment.";
    if (!this.#something())
      return "HEARTBEAT.md has nothing to do: add a line such as - [ ] Look for rain tomorrow";
    if (this.#open()) return "The heartbeat runs at the moment.";
    this.#room.transaction(() => this.#start(this.#room.now(), true));
    return "The heartbeat runs now.";
  }

  /** What it does and did, for people. */
  status(): string {
    const zone = this.#room.timezone;
    const [last] = this.#runs.of(HEARTBEAT, 1);
    const before = last
      ? ` Last: ${moment(last.slot, zone)}, ${last.state}${last.error ? `: ${last.error}` : last.result ? `: ${last.result}` : ""}.`
      : "";
    if (this.#every === 0) return `The heartbeat is off (HEARTBEAT_INTERVAL=0).${before}`;
    if (!this.#something()) return `HEARTBEAT.md has nothing to do, so nothing is armed.${before}`;
    const next = this.nextAt();
    const when = next === undefined ? "after what runs now" : moment(next, zone);
    return `The heartbeat looks every ${span(this.#every)}. Next: ${when}.${before}`;
  }

  /** Whether this alert was told within a day, and not lost. One that was not is remembered with the turn that tells it. */
  repeats(text: string, turn: string): boolean {
    const now = this.#room.now();
    const told = (this.#room.get("alerts") ?? []).filter(({ at }) => at > now - SILENCE_MS);
    const key = text
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, " ")
      .trim()
      .slice(0, 500);
    if (told.some((alert) => alert.key === key && !this.#isLost(alert.turn))) return true;
    this.#room.set("alerts", [...told.slice(-19), { key, at: now, turn }]);
    return false;
  }

  /** Whether what a turn told could not be delivered. */
  #isLost(turn: string): boolean {
    const lost = and(eq(outbox.turn, turn), inArray(outbox.state, ["failed", "unknown"]));
    return this.#room.db.select({ id: outbox.id }).from(outbox).where(lost).limit(1).get() !== undefined;
  }

  get #hours() {
    const { timezone, settings } = this.#room;
    const hours = settings?.activeHours;
    return { hours, zone: hours?.zone ?? timezone };
  }

  get #every(): number {
    return (this.#room.settings?.heartbeatInterval ?? this.#room.config.HEARTBEAT_INTERVAL) * 1000;
  }

  #something(): boolean {
    const { text } = this;
    if (text !== this.#seen.text) this.#seen = { text, busy: hasSomethingToDo(text) };
    return this.#seen.busy;
  }

  /** The next thing to do is waited for from when it is written. */
  #rest(): undefined {
    if (this.#room.get("beat")) this.#room.set("beat", 0);
  }

  #begin(): number {
    const now = this.#room.now();
    this.#room.set("beat", now);
    return now;
  }

  #start(slot: number, manual: boolean): void {
    const run = this.#runs.add({
      task: HEARTBEAT,
      slot,
      manual,
      state: "running",
      startedAt: this.#room.now(),
      lateMs: Math.max(0, this.#room.now() - slot),
    });
    if (!run) return;
    const turn = this.#turns.openSide({
      kind: "heartbeat",
      run: run.id,
      thread: "",
      trust: this.#room.main ? "owner" : "member",
    });
    this.#room.db.update(runs).set({ turn }).where(eq(runs.id, run.id)).run();
  }

  #open(): RunRow | undefined {
    const open = and(eq(runs.task, HEARTBEAT), inArray(runs.state, [...OPEN_RUNS]));
    return this.#room.db.select().from(runs).where(open).limit(1).get();
  }
}
