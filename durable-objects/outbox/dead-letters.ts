import { and, asc, eq, inArray } from "drizzle-orm";
import type { Room } from "../room.ts";
import type { DeadLetter } from "../rpc.ts";
import { outbox } from "../schema.ts";

const dead = inArray(outbox.state, ["failed", "unknown"]);

/** What could not be said, or may not have arrived: the oldest hundred. */
export function deadLetters({ db }: Room): DeadLetter[] {
  const rows = db.select().from(outbox).where(dead).orderBy(asc(outbox.id)).limit(100).all();
  return rows.map((row) => ({
    id: row.id,
    state: row.state as DeadLetter["state"],
    text: row.text.slice(0, 200),
    reason: row.reason ?? "",
    at: row.createdAt,
  }));
}

/** Queues one again, from its first unsent part. False where there is none. */
export function resend({ db, now }: Room, id: string): boolean {
  const at = now();
  // A day's wait is counted anew.
  const fresh = { state: "queued", attempts: 0, nextAt: at, createdAt: at, reason: null } as const;
  const mine = and(eq(outbox.id, id), dead);
  return db.update(outbox).set(fresh).where(mine).returning({ id: outbox.id }).all().length > 0;
}
