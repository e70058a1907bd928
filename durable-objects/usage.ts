import { and, eq, sql } from "drizzle-orm";
import type { Estimate, Refusal } from "../agent/journal.ts";
import type { ModelChoice, Usage } from "../agent/model.ts";
import type { Room } from "./room.ts";
import { days, usage } from "./schema.ts";

/** A share of the install's day budget that the directory reserved for one turn. */
export interface Grant {
  usd: number;
  tokens: number;
}

interface Cost {
  usd: number;
  tokens: number;
  /** Whether a price is known; without one the token budget rules. */
  priced: boolean;
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
    choice: ModelChoice,
    grant: Grant,
  ): Refusal | undefined {
    const cost = costOf(estimate, choice);
    const refusal = this.#refusal(turn, cost, grant);
    if (refusal) return refusal;
    const day = this.day();
    const row = { id: this.#room.newId(), step, turn, day, model: choice.model, state: "reserved" as const };
    this.#room.db
      .insert(usage)
      .values({ ...row, ...cost, at: this.#room.now() })
      .run();
    this.#spend(day, cost);
    return undefined;
  }

  /** Replaces a step's reservation by what it cost. */
  settle(step: string, used: Usage, choice: ModelChoice): void {
    const row = this.#room.db
      .select()
      .from(usage)
      .where(and(eq(usage.step, step), eq(usage.state, "reserved")))
      .get();
    if (!row) return;
    const cost = costOf(used, choice);
    this.#room.db
      .update(usage)
      .set({ state: "settled", ...cost })
      .where(eq(usage.id, row.id))
      .run();
    this.#spend(row.day, { usd: cost.usd - row.usd, tokens: cost.tokens - row.tokens, priced: cost.priced });
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
    return new Intl.DateTimeFormat("en-CA", { timeZone: this.#room.config.TIMEZONE }).format(
      this.#room.now(),
    );
  }

  /** True once a day, when this share of the group's budget is passed. */
  passed(percent: number): boolean {
    const { usd, tokens } = this.today();
    const { BUDGET_GROUP_USD, BUDGET_GROUP_TOKENS } = this.#room.config;
    const share = Math.max(usd / BUDGET_GROUP_USD, tokens / BUDGET_GROUP_TOKENS) * 100;
    const row = this.#room.db.select().from(days).where(eq(days.day, this.day())).get();
    if (!row || row.warned >= percent || share < percent) return false;
    this.#room.db.update(days).set({ warned: percent }).where(eq(days.day, row.day)).run();
    return true;
  }

  #refusal(turn: string, cost: Cost, grant: Grant): Refusal | undefined {
    const { config } = this.#room;
    const spent = this.ofTurn(turn);
    const today = this.today();
    const scopes = [
      { scope: "turn", spent, usd: config.BUDGET_TURN_USD, tokens: config.BUDGET_TURN_TOKENS },
      { scope: "group", spent: today, usd: config.BUDGET_GROUP_USD, tokens: config.BUDGET_GROUP_TOKENS },
      { scope: "install", spent, usd: grant.usd, tokens: grant.tokens },
    ] as const;
    for (const limit of scopes) {
      if (cost.priced && limit.spent.usd + cost.usd > limit.usd) return { scope: limit.scope, kind: "usd" };
      if (limit.spent.tokens + cost.tokens > limit.tokens) return { scope: limit.scope, kind: "tokens" };
    }
    return undefined;
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

function costOf(used: Usage | Estimate, choice: ModelChoice): Cost {
  const usd = choice.price(used);
  return { usd: usd ?? 0, tokens: used.inputTokens + used.outputTokens, priced: usd !== undefined };
}
