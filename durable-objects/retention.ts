import { and, eq, inArray, lt, ne } from "drizzle-orm";
import { earliestId } from "./clock.ts";
import type { Room } from "./room.ts";
import { approvals, inbox, outbox, runs, steps, subAgents, tasks, turns, usage } from "./schema.ts";

const DAY_MS = 24 * 3600_000;
/** The same event has no second effect for so long. */
const DEDUPE_MS = 8 * DAY_MS;
/** Journals, costs and sent messages are kept so long; what was said stays in the transcript. */
const RECORDS_MS = 30 * DAY_MS;

const SETTLED = ["answered", "silent", "failed", "cancelled", "recorded", "command"] as const;

/** Forgets what docs/storage.md says is forgotten. Ids sort by time, so this reads old rows only. */
export function forgetOld(room: Room): void {
  const { db, now } = room;
  const recent = earliestId(now() - DEDUPE_MS);
  const kept = earliestId(now() - RECORDS_MS);
  db.delete(inbox)
    .where(and(lt(inbox.id, recent), inArray(inbox.state, [...SETTLED])))
    .run();
  db.delete(outbox)
    .where(and(lt(outbox.id, kept), eq(outbox.state, "sent")))
    .run();
  db.delete(usage)
    .where(and(lt(usage.id, kept), eq(usage.state, "settled")))
    .run();
  for (const table of [approvals, subAgents])
    db.delete(table)
      .where(and(lt(table.id, kept), lt(table.endedAt, now() - RECORDS_MS)))
      .run();
  const over = and(inArray(tasks.state, ["done", "cancelled"]), lt(tasks.changedAt, now() - RECORDS_MS));
  for (const { id } of db.select({ id: tasks.id }).from(tasks).where(over).limit(200).all()) {
    db.delete(runs).where(eq(runs.task, id)).run();
    db.delete(tasks).where(eq(tasks.id, id)).run();
  }
  const ended = and(lt(turns.id, kept), ne(turns.state, "open"), eq(turns.closed, true));
  for (const { id } of db.select({ id: turns.id }).from(turns).where(ended).limit(200).all()) {
    db.delete(steps).where(eq(steps.turn, id)).run();
    db.delete(turns).where(eq(turns.id, id)).run();
  }
}
