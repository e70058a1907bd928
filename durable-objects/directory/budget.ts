import { and, eq, lt, sql } from "drizzle-orm";
import { dayOf } from "../day.ts";
import { prepared } from "../prepared.ts";
import type { Errands } from "./errands.ts";
import type { Office } from "./office.ts";
import type { CloseRequest, Money, Opened, OpenRequest } from "./rpc.ts";
import { days, grants, groups } from "./schema.ts";
import type { GroupRow } from "./settings.ts";

const HOUR = 3600_000;
/** A turn that nobody closed for so long has cost what was reserved for it. */
const FORGOTTEN_MS = HOUR;
const KEPT_MS = 48 * HOUR;
const DAYS_MS = 400 * 24 * HOUR;
const NOTHING: Money = { usd: 0, tokens: 0 };

const GRANT = prepared((db) =>
  db
    .select()
    .from(grants)
    .where(eq(grants.turn, sql.placeholder("turn")))
    .prepare(),
);
const DAY = prepared((db) =>
  db
    .select()
    .from(days)
    .where(eq(days.day, sql.placeholder("day")))
    .prepare(),
);

/**
 * The install's money. `days` holds what was reserved and spent; a turn's reservation is replaced by its cost when it is
 * closed. What is granted and spent together is never above the day's budget.
 */
export class Budget {
  readonly #office: Office;
  readonly #errands: Errands;

  constructor(office: Office, errands: Errands) {
    this.#office = office;
    this.#errands = errands;
  }

  /** Reserves for a turn what it asks, as far as there is room. Call it inside a transaction. */
  open(group: GroupRow, { turnId, usd, tokens }: OpenRequest): Opened["grant"] {
    const { config, now } = this.#office;
    const today = this.#today();
    this.#settleForgotten();
    const past = this.#release(turnId, today);
    const ask = { usd: usd ?? config.BUDGET_TURN_USD, tokens: tokens ?? config.BUDGET_TURN_TOKENS };
    const { grant, reason } = this.#share(group, ask, past, today);
    const row = { address: group.address, day: today, ...grant, state: "open" as const, at: now() };
    const { db } = this.#office;
    db.insert(grants)
      .values({ turn: turnId, ...row })
      .onConflictDoUpdate({ target: grants.turn, set: row })
      .run();
    this.#count(today, minus(grant, past), grant);
    this.#countGroup(group.address, today, minus(grant, past));
    this.#warn(today);
    return reason === undefined ? grant : { ...grant, reason };
  }

  /** Replaces a turn's reservation by its cost. A turn that is not known was settled long ago. Call it inside a transaction. */
  close({ turnId, usedUsd, usedTokens }: CloseRequest): GroupRow["address"] | undefined {
    const { db } = this.#office;
    const row = GRANT(db).get({ turn: turnId });
    if (!row) return undefined;
    const used = { usd: Math.max(0, usedUsd), tokens: Math.max(0, Math.ceil(usedTokens)) };
    db.update(grants)
      .set({ ...used, state: "settled" })
      .where(eq(grants.turn, turnId))
      .run();
    this.#count(row.day, minus(used, row), row.state === "open" ? minus(NOTHING, row) : NOTHING);
    this.#countGroup(row.address, row.day, minus(used, row));
    if (row.day === dayOf(this.#office.now(), this.#office.config.TIMEZONE)) this.#warn(row.day);
    return row.address;
  }

  /** What was spent and reserved today. */
  spent(): Money {
    return this.#day(dayOf(this.#office.now(), this.#office.config.TIMEZONE));
  }

  /** What a turn may get, and what the chat is told when that is nothing more. */
  #share(group: GroupRow, ask: Money, past: Money, today: string): { grant: Money; reason?: string } {
    const { config } = this.#office;
    const install = { usd: config.BUDGET_INSTALL_USD, tokens: config.BUDGET_INSTALL_TOKENS };
    const own = {
      usd: group.budgetUsd ?? config.BUDGET_GROUP_USD,
      tokens: group.budgetTokens ?? config.BUDGET_GROUP_TOKENS,
    };
    const counted = this.#day(today);
    if (usedUp(minus(counted, counted.held), install)) return { grant: past, reason: INSTALL_USED };
    const ownSpent = group.spentDay === today ? { usd: group.spentUsd, tokens: group.spentTokens } : NOTHING;
    if (usedUp(ownSpent, own)) return { grant: past, reason: GROUP_USED };
    const room = both((kind) => {
      const left = Math.max(0, install[kind] - counted[kind]);
      // While others hold a part, half of the rest is left to those who come next, so that nobody gets nothing.
      const share = counted.held[kind] > 0 ? left / 2 : left;
      return Math.max(0, Math.min(ask[kind] - past[kind], own[kind] - ownSpent[kind], share));
    });
    const grant = { usd: past.usd + room.usd, tokens: past.tokens + Math.floor(room.tokens) };
    return grant.tokens > 0 ? { grant } : { grant, reason: ALL_HELD };
  }

  /** What a turn that is opened again holds or has cost today. On another day it starts anew, and the old day keeps its part. */
  #release(turn: string, today: string): Money {
    const row = GRANT(this.#office.db).get({ turn });
    if (!row) return NOTHING;
    if (row.state === "open") this.#count(row.day, NOTHING, minus(NOTHING, row));
    return row.day === today ? { usd: row.usd, tokens: row.tokens } : NOTHING;
  }

  #settleForgotten(): void {
    const { db, now } = this.#office;
    const forgotten = and(eq(grants.state, "open"), lt(grants.at, now() - FORGOTTEN_MS));
    for (const row of db.select().from(grants).where(forgotten).limit(100).all()) {
      db.update(grants).set({ state: "settled" }).where(eq(grants.turn, row.turn)).run();
      this.#count(row.day, NOTHING, minus(NOTHING, row));
    }
  }

  #count(date: string, counted: Money, held: Money): void {
    const set = {
      usd: sql`max(0, usd + ${counted.usd})`,
      tokens: sql`max(0, tokens + ${counted.tokens})`,
      heldUsd: sql`max(0, held_usd + ${held.usd})`,
      heldTokens: sql`max(0, held_tokens + ${held.tokens})`,
    };
    this.#office.db.update(days).set(set).where(eq(days.day, date)).run();
  }

  #countGroup(address: GroupRow["address"], date: string, delta: Money): void {
    const usd = sql`max(0, ${delta.usd} + case when spent_day = ${date} then spent_usd else 0 end)`;
    const tokens = sql`max(0, ${delta.tokens} + case when spent_day = ${date} then spent_tokens else 0 end)`;
    const notPast = and(eq(groups.address, address), sql`spent_day <= ${date}`);
    this.#office.db
      .update(groups)
      .set({ spentUsd: usd, spentTokens: tokens, spentDay: date })
      .where(notPast)
      .run();
  }

  /** Tells main once a day at 80 % and once when nothing more is granted. */
  #warn(date: string): void {
    const { BUDGET_INSTALL_USD, BUDGET_INSTALL_TOKENS } = this.#office.config;
    const counted = this.#day(date);
    const settled = minus(counted, counted.held);
    const install = { usd: BUDGET_INSTALL_USD, tokens: BUDGET_INSTALL_TOKENS };
    const figures = `$${settled.usd.toFixed(2)} of $${install.usd}, ${settled.tokens} of ${install.tokens} tokens`;
    const raise = "Raise BUDGET_INSTALL_USD or BUDGET_INSTALL_TOKENS to go on before tomorrow.";
    if (usedUp(settled, install))
      this.#errands.tell(
        `budget-100:${date}`,
        `Today's budget of all chats is used up (${figures}). ${raise}`,
      );
    else if (usedUp(settled, { usd: install.usd * 0.8, tokens: install.tokens * 0.8 }))
      this.#errands.tell(`budget-80:${date}`, `80 % of today's budget of all chats is used (${figures}).`);
  }

  #day(date: string): Money & { held: Money } {
    const row = DAY(this.#office.db).get({ day: date });
    const held = { usd: row?.heldUsd ?? 0, tokens: row?.heldTokens ?? 0 };
    return { usd: row?.usd ?? 0, tokens: row?.tokens ?? 0, held };
  }

  /** Today. With its first turn, rows go whose time is over. */
  #today(): string {
    const { db, config, now } = this.#office;
    const date = dayOf(now(), config.TIMEZONE);
    if (DAY(db).get({ day: date })) return date;
    db.insert(days).values({ day: date }).run();
    db.delete(days)
      .where(lt(days.day, dayOf(now() - DAYS_MS, config.TIMEZONE)))
      .run();
    db.delete(grants)
      .where(and(eq(grants.state, "settled"), lt(grants.at, now() - KEPT_MS)))
      .run();
    return date;
  }
}

const INSTALL_USED = "Today's budget of all chats is used up. It starts anew at midnight.";
const GROUP_USED = "Today's budget of this chat is used up. It starts anew at midnight.";
const ALL_HELD = "Other chats hold the rest of today's budget at the moment. Try again in a minute.";

/** A budget of 0 grants nothing of its kind, and does not end the other kind. */
function usedUp(spent: Money, budget: Money): boolean {
  return (budget.usd > 0 && spent.usd >= budget.usd) || (budget.tokens > 0 && spent.tokens >= budget.tokens);
}

function both(of: (kind: keyof Money) => number): Money {
  return { usd: of("usd"), tokens: of("tokens") };
}

function minus(a: Money, b: Money): Money {
  return both((kind) => a[kind] - b[kind]);
}
