import { and, eq, sql } from "drizzle-orm";
import { type Cost, costOf, percentSpent, refusal } from "../agent/budget.ts";
import type { Estimate, Refusal } from "../agent/journal.ts";
import type { ModelChoice, Usage } from "../agent/model.ts";
import { dayOf } from "./day.ts";
import type { Room } from "./room.ts";
import { days, usage } from "./schema.ts";

/** A share of the install's day budget that the directory reserved for one turn. */
export interface Grant {
  usd: number;
  tokens: number;
  /** Why there is no more in it, for the chat. */
  reason?: string;
}

/** The group's money: reserved before each model call, settled after it, never above a budget. */
export class Ledger {
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  /** Reserves a call's cost, or answers which budget it would break. Call it inside the step's transaction. */
  reserve(
    turn: string,
    step: string,
    estimate: Estimate,
    choice: Pick<ModelChoice, "model" | "price">,
    grant: Grant,
  ): Refusal | undefined {
    const cost = costOf(estimate, choice);
    const refused = this.#refusal(turn, cost, grant);
    if (refused) return refused;
    const day = this.day();
    const row = { id: this.#room.newId(), step, turn, day, model: choice.model, state: "reserved" as const };
    this.#room.db
      .insert(usage)
      .values({ ...row, ...cost, at: this.#room.now() })
      .run();
    this.#spend(day, cost);
    return undefined;
  }

  /** Enlarges a step's reservation for one more attempt, after attempts that cost `spent`. False where it does not fit. */
  extend(
    step: string,
    spent: Usage,
    estimate: Estimate,
    choice: Pick<ModelChoice, "price">,
    grant: Grant,
  ): boolean {
    const row = this.#reserved(step);
    if (!row) return false;
    const [before, next] = [costOf(spent, choice), costOf(estimate, choice)];
    const more = { usd: before.usd + next.usd - row.usd, tokens: before.tokens + next.tokens - row.tokens };
    const cost = { usd: Math.max(0, more.usd), tokens: Math.max(0, more.tokens), priced: next.priced };
    if (this.#refusal(row.turn, cost, grant)) return false;
    const total = { usd: row.usd + cost.usd, tokens: row.tokens + cost.tokens };
    this.#room.db.update(usage).set(total).where(eq(usage.id, row.id)).run();
    this.#spend(row.day, cost);
    return true;
  }

  /** Replaces a step's reservation by what it cost. */
  settle(step: string, used: Usage, choice: Pick<ModelChoice, "price">): void {
    const row = this.#reserved(step);
    if (!row) return;
    const cost = costOf(used, choice);
    this.#room.db
      .update(usage)
      .set({ state: "settled", ...cost })
      .where(eq(usage.id, row.id))
      .run();
    this.#spend(row.day, { usd: cost.usd - row.usd, tokens: cost.tokens - row.tokens, priced: cost.priced });
  }

  #reserved(step: string) {
    const open = and(eq(usage.step, step), eq(usage.state, "reserved"));
    return this.#room.db.select().from(usage).where(open).get();
  }

  /** A dead boot's calls keep their estimate. */
  settleDead(turn: string): void {
    this.#room.db
      .update(usage)
      .set({ state: "settled" })
      .where(and(eq(usage.turn, turn), eq(usage.state, "reserved")))
      .run();
  }

  /** What a turn has cost so far, reservations included. */
  ofTurn(turn: string): Grant {
    return this.#room.db.select(sums).from(usage).where(eq(usage.turn, turn)).get() ?? { usd: 0, tokens: 0 };
  }

  /** What the group has spent today, reservations included. */
  today(): Grant {
    const row = this.#room.db.select().from(days).where(eq(days.day, this.day())).get();
    return { usd: row?.usd ?? 0, tokens: row?.tokens ?? 0 };
  }

  /** The day of the install's zone, `2026-11-21`. */
  day(): string {
    return dayOf(this.#room.now(), this.#room.config.TIMEZONE);
  }

  /** True once a day, when this share of the group's budget is passed. */
  passed(percent: number): boolean {
    const share = percentSpent(this.today(), this.#room.budget);
    const row = this.#room.db.select().from(days).where(eq(days.day, this.day())).get();
    if (!row || row.warned >= percent || share < percent) return false;
    this.#room.db.update(days).set({ warned: percent }).where(eq(days.day, row.day)).run();
    return true;
  }

  #refusal(turn: string, cost: Cost, grant: Grant): Refusal | undefined {
    const { config } = this.#room;
    const spent = this.ofTurn(turn);
    const turnLimit = { usd: config.BUDGET_TURN_USD, tokens: config.BUDGET_TURN_TOKENS };
    const refused = refusal(cost, [
      { scope: "turn", spent, limit: turnLimit },
      { scope: "group", spent: this.today(), limit: this.#room.budget },
      { scope: "install", spent, limit: grant },
    ]);
    return refused?.scope === "install" && grant.reason ? { ...refused, reason: grant.reason } : refused;
  }

  #spend(day: string, cost: Cost): void {
    this.#room.db
      .insert(days)
      .values({ day, usd: cost.usd, tokens: cost.tokens, warned: 0 })
      .onConflictDoUpdate({
        target: days.day,
        set: { usd: sql`${days.usd} + ${cost.usd}`, tokens: sql`${days.tokens} + ${cost.tokens}` },
      })
      .run();
  }
}

const sums = {
  usd: sql<number>`coalesce(sum(${usage.usd}), 0)`,
  tokens: sql<number>`coalesce(sum(${usage.tokens}), 0)`,
};
