import { asc, desc, eq, sql } from "drizzle-orm";
import type { Room } from "../room.ts";
import { approvals } from "../schema.ts";
import type { TurnRow } from "../turns/turns.ts";

export type ApprovalRow = typeof approvals.$inferSelect;

/** Written out, so that SQLite can use the partial index. */
export const ASKED = sql`${approvals.state} = 'asked'`;

/** The rows of what waits for a yes, and of what did. */
export class ApprovalBook {
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  /** The row of a turn that runs an approved call. */
  of(turn: TurnRow): ApprovalRow | undefined {
    return turn.run ? this.byId(turn.run) : undefined;
  }

  get(number: number): ApprovalRow | undefined {
    return this.#room.db.select().from(approvals).where(eq(approvals.number, number)).get();
  }

  /** What waits for an answer, the oldest first. */
  open(): ApprovalRow[] {
    return this.#room.db.select().from(approvals).where(ASKED).orderBy(asc(approvals.id)).all();
  }

  /** The newest first. */
  list(limit: number): ApprovalRow[] {
    return this.#room.db.select().from(approvals).orderBy(desc(approvals.id)).limit(limit).all();
  }

  /** Main has still to be asked about these, or to be told how they ended. */
  unrelayed(): ApprovalRow[] {
    const owed = sql`${approvals.relay} = 1`;
    return this.#room.db.select().from(approvals).where(owed).orderBy(asc(approvals.id)).all();
  }

  wasRelayed(id: string): void {
    this.change(id, { relay: false });
  }

  /** The row in which main was asked about a call of another chat. */
  about(origin: string, number: number): ApprovalRow | undefined {
    const key = eq(approvals.key, keyAt(origin, number));
    return this.#room.db.select().from(approvals).where(key).get();
  }

  /** When the next one ends that nobody answered, in milliseconds. */
  nextAt(): number | undefined {
    const next = this.#room.db.select({ at: approvals.expiresAt }).from(approvals).where(ASKED);
    return next.orderBy(asc(approvals.expiresAt)).limit(1).get()?.at;
  }

  protected change(id: string, change: Partial<ApprovalRow>): void {
    this.#room.db.update(approvals).set(change).where(eq(approvals.id, id)).run();
  }

  protected byId(id: string): ApprovalRow | undefined {
    return this.#room.db.select().from(approvals).where(eq(approvals.id, id)).get();
  }
}

/** How main knows a call of another chat. */
export function keyAt(origin: string, number: number): string {
  return `${origin}#${number}`;
}
