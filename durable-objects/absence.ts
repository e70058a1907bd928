import { and, eq } from "drizzle-orm";
import type { OutboxRow } from "./outbox.ts";
import type { Room } from "./room.ts";
import { outbox } from "./schema.ts";

/** What waits for the companion is given up, and shown to the operator, at this age in milliseconds. */
const LONGEST_MS = 24 * 3600_000;
/** The companion knocks when it is back. Should its knock be lost, this look finds it. */
const LOOK_MS = 6 * 3600_000;

/** The time in which the companion, which alone can deliver, is not there. */
export class Absence {
  readonly #room: Room;
  /** Counts the knocks: one that comes while a send is under way ends the absence that the send finds. */
  ends = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  /** When a row that could not be sent is tried again, or undefined when it has waited for long enough. */
  nextLook(row: OutboxRow, endsBefore: number): number | undefined {
    const now = this.#room.now();
    const last = row.createdAt + LONGEST_MS;
    if (now >= last) return undefined;
    if (this.ends !== endsBefore) return now;
    this.#room.set("absent", row.id);
    return Math.min(now + LOOK_MS, last);
  }

  /** The companion is back: what waits may go out now. */
  end(): void {
    this.ends++;
    const id = this.#room.get("absent");
    if (id === undefined) return;
    const waiting = and(eq(outbox.id, id), eq(outbox.state, "queued"));
    this.#room.transaction(() => {
      this.#room.db.update(outbox).set({ nextAt: this.#room.now() }).where(waiting).run();
      this.#room.clear("absent");
    });
  }
}
