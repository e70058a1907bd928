import { and, asc, eq, isNull, or, sql } from "drizzle-orm";
import type { Step } from "../../agent/journal.ts";
import type { Room } from "../room.ts";
import { subAgents, turns } from "../schema.ts";
import type { TurnRow, Turns } from "../turns/turns.ts";

export type SubAgentRow = typeof subAgents.$inferSelect;

interface Hands {
  turns: Turns;
  pump(): void;
  stop(turn: string): boolean;
  say(key: string, text: string, thread: string): void;
}

/** Work for a sub-agent, and who gives it. */
interface Work {
  task: string;
  label?: string;
  turn: TurnRow;
  step: Step;
}

/** At once. */
const MOST = 3;
/** Characters of a label. */
const LABEL = 40;
/** Written out, so that SQLite can use the partial index. */
const WORKING = sql`${subAgents.state} = 'working'`;

/** Sub-agents: each a turn of its own beside the chat, with a row from the step that made it to its end. */
export class SubAgents {
  readonly #room: Room;
  readonly #hands: Hands;

  constructor(room: Room, hands: Hands) {
    this.#room = room;
    this.#hands = hands;
  }

  /** Makes one, its turn and the step's end in one transaction. Refused beyond three, and to a sub-agent. */
  spawn(work: Work, commit: (said: string) => void): { ok: boolean; said: string } {
    if (work.turn.kind === "sub-agent") return { ok: false, said: "A sub-agent has no sub-agents." };
    const answer = this.#room.transaction(() => {
      if (this.working().length >= MOST)
        return { ok: false, said: `${MOST} sub-agents work already. Wait until one reports.` };
      const { number, label } = this.#add(work);
      const said = `Sub-agent #${number} (${label}) works on it and reports to the chat by itself.`;
      commit(said);
      return { ok: true, said };
    });
    this.#hands.pump();
    return answer;
  }

  #add({ task, label, turn, step }: Work): SubAgentRow {
    const number = (this.#room.get("lastSubAgent") ?? 0) + 1;
    this.#room.set("lastSubAgent", number);
    const id = this.#room.newId();
    const { thread, trust } = turn;
    const own = this.#hands.turns.openSide({ kind: "sub-agent", run: id, thread, trust });
    const named = (label || task).replace(/\s+/g, " ").slice(0, LABEL).toWellFormed().trim();
    const made = { key: `step:${step.id}`, parent: turn.id, turn: own, task, createdAt: this.#room.now() };
    const row = { id, number, ...made, label: named, state: "working" as const, error: null, endedAt: null };
    return this.#room.db.insert(subAgents).values(row).returning().get();
  }

  /** Those that work or wait for a free hand, the oldest first. */
  working(): SubAgentRow[] {
    return this.#room.db.select().from(subAgents).where(WORKING).orderBy(asc(subAgents.id)).all();
  }

  /** The sub-agent that a turn is. */
  of(turn: Pick<TurnRow, "run">): SubAgentRow | undefined {
    const id = turn.run ?? "";
    return this.#room.db.select().from(subAgents).where(eq(subAgents.id, id)).get();
  }

  /** Call it inside the transaction that ends its turn. */
  ended(id: string, state: Exclude<SubAgentRow["state"], "working">, error?: string): void {
    const change = { state, error: error ?? null, endedAt: this.#room.now() };
    this.#room.db.update(subAgents).set(change).where(eq(subAgents.id, id)).run();
  }

  /** Stops one by its number. False where none of this number works. */
  stop(number: number): boolean {
    const row = this.working().find((each) => each.number === number);
    if (!row) return false;
    if (!this.#hands.stop(row.turn)) this.#giveUp(row);
    return true;
  }

  /** Ends those on which nobody works at the moment; those that run are stopped by the crew. */
  stopWaiting(): boolean {
    const waiting = this.working().filter(({ turn }) => this.#isFree(turn));
    for (const row of waiting) this.#giveUp(row);
    return waiting.length > 0;
  }

  #isFree(turn: string): boolean {
    const unclaimed = or(isNull(turns.boot), sql`${turns.boot} <> ${this.#room.boot}`);
    const open = and(eq(turns.id, turn), eq(turns.state, "open"), unclaimed);
    return this.#room.db.select({ id: turns.id }).from(turns).where(open).get() !== undefined;
  }

  #giveUp(row: SubAgentRow): void {
    this.#room.transaction(() => {
      const turn = this.#hands.turns.get(row.turn);
      this.#hands.turns.abandon(row.turn, "stopped by hand");
      this.ended(row.id, "stopped");
      this.#hands.say(`sub-agent:${row.id}`, stoppedText(row), turn?.thread ?? "");
    });
  }
}

/** What people read of one that was stopped. */
export function stoppedText({ number, label }: SubAgentRow): string {
  return `Sub-agent #${number} (${label}) was stopped.`;
}
