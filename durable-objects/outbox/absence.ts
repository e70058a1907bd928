import { and, eq, inArray } from "drizzle-orm";
import type { Room } from "../room.ts";
import { outbox } from "../schema.ts";
import type { OutboxRow } from "./outbox.ts";

/** What waits so is given up, and shown to the operator, at this age in milliseconds. */
const LONGEST_MS = 24 * 3600_000;
/** The companion knocks when it is back. Should its knock be lost, this look finds it. */
const LOOK_MS = 6 * 3600_000;

/** Longest pause before a platform that could not be reached is tried again. */
const PAUSE_MS = 5 * 60_000;

/** The time in which a platform, or the companion that alone can deliver, is not there. */
export class Absence {
  readonly #room: Room;
  /** Counts the knocks: one that comes while a send is under way ends the absence that the send finds. */
  ends = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  /**
   * When a row that could not be sent is tried again, or undefined when it has waited for long enough. `afterMs`: nobody
   * knocks, so the pauses grow from there with the time that it has waited.
   */
  nextLook(row: OutboxRow, endsBefore: number, afterMs?: number): number | undefined {
    const now = this.#room.now();
    const last = row.createdAt + LONGEST_MS;
    if (now >= last) return undefined;
    const grown = Math.min(PAUSE_MS, Math.floor((now - row.createdAt) / 4));
    if (afterMs !== undefined) return Math.min(now + Math.max(afterMs, grown), last);
    if (this.ends !== endsBefore) return now;
    this.#room.set("absent", row.id);
    return Math.min(now + LOOK_MS, last);
  }

  /** The companion is back: what waits may go out now. */
  end(): void {
    this.ends++;
    const id = this.#room.get("absent");
    if (id === undefined) return;
    const waiting = and(eq(outbox.id, id), inArray(outbox.state, ["queued", "sending"]));
    this.#room.transaction(() => {
      this.#room.db.update(outbox).set({ nextAt: this.#room.now() }).where(waiting).run();
      this.#room.clear("absent");
    });
  }
}
