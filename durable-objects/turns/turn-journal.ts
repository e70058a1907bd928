import { and, asc, eq, ne, sql } from "drizzle-orm";
import type { Answer, Estimate, Journal, Refusal, Step } from "../../agent/journal.ts";
import type { ModelChoice, Usage } from "../../agent/model.ts";
import type { Risk } from "../../agent/tools/tool.ts";
import { prepared } from "../prepared.ts";
import type { Room } from "../room.ts";
import { steps, turns } from "../schema.ts";
import type { Grant, Ledger } from "../usage.ts";

const ROWS = prepared((db) => {
  const mine = and(eq(steps.turn, sql.placeholder("turn")), eq(steps.phase, sql.placeholder("phase")));
  return db.select().from(steps).where(mine).orderBy(asc(steps.seq)).prepare();
});

export type Phase = (typeof steps.$inferSelect)["phase"];

/** The journal of one turn and phase, on the group's tables. */
export class TurnJournal implements Journal {
  readonly #room: Room;
  readonly #ledger: Ledger;
  readonly #turn: string;
  readonly #phase: Phase;
  readonly #choice: ModelChoice;
  readonly #grant: Grant;

  constructor(room: Room, ledger: Ledger, turn: string, phase: Phase, choice: ModelChoice, grant: Grant) {
    this.#room = room;
    this.#ledger = ledger;
    this.#turn = turn;
    this.#phase = phase;
    this.#choice = choice;
    this.#grant = grant;
  }

  steps(): Step[] {
    return this.#rows() as unknown as Step[];
  }

  startModel(
    round: number,
    estimate: Estimate,
  ): { ok: true; step: string } | { ok: false; refusal: Refusal } {
    return this.#room.transaction(() => {
      const open = this.#rows().find((row) => row.kind === "model" && row.state !== "done");
      const step = open?.id ?? this.#id(this.#rows().length);
      const refusal = this.#ledger.reserve(this.#turn, step, estimate, this.#choice, this.#grant);
      if (refusal) return { ok: false, refusal };
      const row = {
        id: step,
        ...this.#blank("model", round, this.#rows().length),
        state: "started" as const,
      };
      const started = { state: "started" as const, startedAt: this.#room.now() };
      this.#room.db
        .insert(steps)
        .values({ ...row, ...started })
        .onConflictDoUpdate({ target: steps.id, set: started })
        .run();
      return { ok: true, step };
    });
  }

  retryModel(step: string, spent: Usage, estimate: Estimate, next?: Pick<ModelChoice, "price">): boolean {
    return this.#room.transaction(() =>
      this.#ledger.extend(step, spent, estimate, next ?? this.#choice, this.#grant),
    );
  }

  finishModel(step: string, answer: Answer, usage: Usage, risks: Map<string, Risk>): void {
    const { content, cut } = answer;
    // A provider may use one id twice; ours are unique in the turn.
    const toolCalls = answer.toolCalls.map((call, index) => ({ ...call, id: call.id || `${step}.${index}` }));
    this.#room.transaction(() => {
      this.#done(step, JSON.stringify({ content, toolCalls, cut } satisfies Answer));
      this.#ledger.settle(step, usage, this.#choice);
      const rows = this.#rows();
      const round = rows.at(-1)?.round ?? 0;
      toolCalls.forEach((call, index) => {
        const seq = rows.length + index;
        const row = {
          ...this.#blank("tool", round, seq),
          id: this.#id(seq),
          name: call.name,
          callId: call.id,
        };
        const risk = risks.get(call.name) ?? "read";
        this.#room.db
          .insert(steps)
          .values({ ...row, risk, input: call.arguments, state: "planned" })
          .run();
      });
    });
  }

  dropModel(step: string, usage: Usage): void {
    this.#room.transaction(() => {
      this.#ledger.settle(step, usage, this.#choice);
      this.#room.db.update(steps).set({ state: "planned" }).where(eq(steps.id, step)).run();
    });
  }

  startTool(step: string): void {
    this.#room.db
      .update(steps)
      .set({ state: "started", startedAt: this.#room.now() })
      .where(eq(steps.id, step))
      .run();
  }

  finishTool(step: string, output: string): void {
    this.#done(step, output);
  }

  #done(step: string, output: string): void {
    const done = { state: "done" as const, output, doneAt: this.#room.now() };
    this.#room.db
      .update(steps)
      .set(done)
      .where(and(eq(steps.id, step), ne(steps.state, "done")))
      .run();
    // Progress was made: a crash from here on is not the same one again.
    this.#room.db
      .update(turns)
      .set({ attempts: 0 })
      .where(and(eq(turns.id, this.#turn), ne(turns.attempts, 0)))
      .run();
  }

  #rows() {
    return ROWS(this.#room.db).all({ turn: this.#turn, phase: this.#phase });
  }

  #blank(kind: "model" | "tool", round: number, seq: number) {
    return { turn: this.#turn, phase: this.#phase, seq, kind, round, name: "model" };
  }

  #id(seq: number): string {
    return `${this.#turn}.${this.#phase}.${seq}`;
  }
}
