import type { DirectoryStub } from "./admission.ts";
import { Alarm } from "./alarm.ts";
import { relayApprovals } from "./approvals/relay.ts";
import type { Console } from "./console.ts";
import { Lane } from "./lanes.ts";
import type { Parts } from "./parts.ts";
import type { Room } from "./room.ts";
import { endTurn } from "./turns/turn-end.ts";
import { TurnRun } from "./turns/turn-run.ts";
import type { TurnRow } from "./turns/turns.ts";

/** Turns beside the chat that run at once. */
const SIDE = 3;
/** A slot that comes within this time, in milliseconds, is nearer than an alarm may be. */
const SOON_MS = 1000;
/** What the directory knows of the next due time may be so old, in milliseconds: its sweep looks once an hour. */
const STALE_MS = 30 * 60_000;

/** A chat that nobody registered is forgotten after so long without a word. */
export const IDLE_MS = 30 * 24 * 3600_000;

/**
 * Who works in a group: one turn of the chat at a time, up to three beside it, the clock of the tasks, and the one who
 * speaks. Arms the alarm for whatever is due next, and finds after a crash what was left.
 */
export class Crew {
  readonly #room: Room;
  readonly #parts: Parts;
  readonly #directory: () => DirectoryStub;
  readonly #console: Console;
  readonly #chat: Lane;
  readonly #side: Lane[];
  readonly #clock: Lane;
  readonly #speech: Lane;
  readonly #runs = new Map<string, TurnRun>();
  #alarm: Alarm;
  #soon: ReturnType<typeof setTimeout> | undefined;

  constructor(room: Room, parts: Parts, directory: () => DirectoryStub, console: Console) {
    this.#room = room;
    this.#parts = parts;
    this.#directory = directory;
    this.#console = console;
    this.#alarm = new Alarm(room, null);
    this.#chat = new Lane(room, "chat", () => this.#answer());
    this.#side = Array.from({ length: SIDE }, () => new Lane(room, "side", () => this.#work("side")));
    this.#clock = new Lane(room, "clock", () => this.#tick());
    this.#speech = new Lane(room, "outbox", () => this.#speak());
  }

  /** The object was built: `armedAt` is what its storage says of the alarm. */
  boot(armedAt: number | null): void {
    this.#alarm = new Alarm(this.#room, armedAt);
    this.pump();
  }

  /** The alarm rang. */
  rang(): void {
    this.#alarm.fired(JSON.stringify(this.#needs()));
    this.pump();
  }

  /** Arms first, then starts whoever has something to do. */
  pump(): void {
    this.#arm();
    this.#speech.start();
    this.#chat.start();
    this.#clock.start();
    for (const lane of this.#side) lane.start();
  }

  /** A waking message was stored. */
  arrived(thread: string): void {
    this.#arm();
    this.chatRun?.arrived(thread);
    this.#chat.start();
  }

  speak(): void {
    this.#speech.start();
  }

  /** Stops what runs and the chat's turn that waits for its next attempt, or the one turn that is named. False for none. */
  stop(turn?: string): boolean {
    const waited = turn === undefined && this.#giveUpWaiting();
    // Those that wait go on when main lets the chat go on.
    const idle = turn === undefined && !this.#room.paused && this.#parts.subAgents.stopWaiting();
    const runs = turn === undefined ? [...this.#runs.values()] : [this.#runs.get(turn)];
    return runs.filter((run) => run?.stop()).length > 0 || waited || idle;
  }

  #giveUpWaiting(): boolean {
    const turn = this.chatRun ? undefined : this.#parts.turns.waiting();
    if (!turn) return false;
    endTurn(this.#room, this.#parts, turn, { type: "stopped" });
    this.pump();
    return true;
  }

  /** The chat's turn that runs. */
  get chatRun(): TurnRun | undefined {
    return [...this.#runs.values()].find((run) => run.lane === "chat");
  }

  /** The chat lane: one turn after the other, until nothing is due. */
  async #answer(): Promise<void> {
    await this.#work("chat");
    await this.#settleTurns();
    this.#arm();
    await this.#writeBacklog();
    // A heartbeat waits for a busy chat.
    this.#clock.start();
  }

  async #work(lane: TurnRow["lane"]): Promise<void> {
    const { turns, runs } = this.#parts;
    for (let turn = turns.claim(lane); turn; turn = turns.claim(lane)) {
      runs.began(turn);
      this.#arm();
      await this.#take(turn);
      this.#speech.start();
      if (lane === "side") await this.#afterSide();
    }
  }

  async #take(turn: TurnRow): Promise<void> {
    const shown = this.#room.isConsole && turn.lane === "chat";
    if (shown) this.#console.busy(true);
    try {
      const run = new TurnRun(this.#room, this.#parts, this.#directory(), turn);
      this.#runs.set(turn.id, run);
      await run.run();
    } catch (error) {
      this.#room.report("a turn was interrupted", error);
      this.#parts.turns.release(turn, error instanceof Error ? error.message : String(error));
    } finally {
      this.#runs.delete(turn.id);
      if (shown) this.#console.ended(turn.id);
    }
  }

  async #afterSide(): Promise<void> {
    await this.#settleTurns();
    this.#clock.start();
    this.#arm();
  }

  /** The clock: slots that have come, the heartbeat, messages that have arrived, and what others are owed. */
  async #tick(): Promise<void> {
    const { runs, slots, heartbeat, errands, approvals } = this.#parts;
    runs.settleDelivered();
    // Room between the pages for what comes in.
    while (slots.fire()) await scheduler.wait(0);
    runs.startWaiting();
    approvals.expire();
    heartbeat.beat();
    this.#arm();
    this.#speech.start();
    for (const lane of this.#side) lane.start();
    if (this.#room.isConsole) this.#console.tasks();
    await this.#tellDue();
    await errands.run(this.#directory());
    await relayApprovals(this.#room, this.#parts, this.#directory());
  }

  /** The directory's sweep finds a group that has lost its alarm; it need not know every slot. */
  async #tellDue(): Promise<void> {
    const { slots, heartbeat } = this.#parts;
    const due = Math.min(slots.nextAt() ?? Infinity, heartbeat.nextAt() ?? Infinity);
    const next = due === Infinity ? 0 : due;
    const told = this.#room.get("dueTold") ?? 0;
    const isKnown = next === told || (told > this.#room.now() - STALE_MS && told < next);
    if (isKnown && (next === 0) === (told === 0)) return;
    await this.#directory().due(this.#room.address, next || null);
    this.#room.set("dueTold", next);
  }

  /** Tells the directory what ended turns have cost; after a crash here it is told again. */
  async #settleTurns(): Promise<void> {
    for (const turn of this.#parts.turns.unclosed()) {
      const { usd, tokens } = this.#parts.ledger.ofTurn(turn.id);
      await this.#directory().close({
        turnId: turn.id,
        usedUsd: usd,
        usedTokens: tokens,
        lastActivityAt: this.#room.now(),
      });
      this.#parts.turns.closed(turn.id);
    }
  }

  /** What a long silence has left to write, with room between the pages for what comes in. */
  async #writeBacklog(): Promise<void> {
    while (this.#parts.turns.nextAt() === undefined && this.#parts.backlog.write()) await scheduler.wait(0);
    this.#arm();
  }

  async #speak(): Promise<void> {
    await this.#parts.outbox.deliver();
    this.#arm();
    // A run has ended when what it said has arrived. While that waits (for a platform's pause, for the companion) there
    // is nothing to do: the clock would start this lane again, and this lane the clock, without end.
    if (this.#parts.runs.settleDelivered()) this.#clock.start();
  }

  /** The alarm keeps a distance of a second; a slot that comes sooner is met by a timer, with the alarm behind it. */
  #meetSoon(slot: number | undefined): void {
    const wait = (slot ?? Infinity) - this.#room.now();
    clearTimeout(this.#soon);
    if (wait > 0 && wait < SOON_MS) this.#soon = setTimeout(() => this.#clock.start(), wait);
  }

  #arm(): void {
    const slot = this.#parts.slots.nextAt();
    this.#meetSoon(slot);
    const busy = [this.#chat, this.#clock, this.#speech, ...this.#side].some((lane) => lane.busy);
    this.#alarm.arm(this.#needs(slot), busy);
  }

  /** When something is due next, lane by lane. */
  #needs(slot = this.#parts.slots.nextAt()): (number | undefined)[] {
    const { turns, outbox, backlog, heartbeat, errands, approvals } = this.#parts;
    const heard = this.#room.get("heardAt");
    const expiry = !this.#room.settings && heard ? heard + IDLE_MS : undefined;
    const untold = errands.owed() || approvals.unrelayed().length > 0;
    const owed = backlog.waiting() || untold || turns.unclosed().length > 0 ? 0 : undefined;
    const times = [slot, heartbeat.nextAt(), approvals.nextAt()];
    return [turns.nextAt("chat"), turns.nextAt("side"), outbox.nextAt(), owed, expiry, ...times];
  }
}
