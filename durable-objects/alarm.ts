import type { Room } from "./room.ts";

/** No alarm is ever set closer than this. */
const FLOOR_MS = 1000;
/** Work that was just started is looked at again after this long; doubled each time nothing has changed. */
const GRACE_MS = 3000;
/** While a lane works the watch goes on at this pace. */
const WATCH_MS = 30_000;
const LONGEST_MS = 3600_000;

/**
 * The object's one alarm. It is a safety net: work is started when it arrives, and the alarm finds it again after a
 * crash. An alarm that fires while nothing has changed since the last one waits twice as long the next time.
 */
export class Alarm {
  readonly #room: Room;
  /** What is armed, in milliseconds; null for nothing. */
  #armedAt: number | null;
  #lastNeed = "";
  #repeats = 0;

  /** @param armedAt what `storage.getAlarm()` said at boot */
  constructor(room: Room, armedAt: number | null) {
    this.#room = room;
    this.#armedAt = armedAt;
  }

  /**
   * Arms for the earliest need, in the same tick as the transaction that made it, and takes the alarm away when
   * there is none. Writes only what changes: each write is a billed row.
   * @param needs moments in milliseconds at which something is due; what is due already is looked at after a grace
   */
  arm(needs: (number | undefined)[], busy: boolean): void {
    const now = this.#room.now();
    const grace = now + Math.min(GRACE_MS * 2 ** this.#repeats, busy ? WATCH_MS : LONGEST_MS);
    const due = needs.filter((need) => need !== undefined).map((need) => (need <= now ? grace : need));
    if (due.length === 0) return this.#clear();
    const at = Math.max(Math.min(...due), now + FLOOR_MS);
    // One that is a little early is harmless and costs no row; one that is much too early would ring for nothing.
    const early = this.#armedAt === null || this.#armedAt <= now ? undefined : at - this.#armedAt;
    if (early !== undefined && early >= 0 && early < WATCH_MS) return;
    this.#armedAt = at;
    void this.#room.ctx.storage.setAlarm(at);
  }

  /** Inside the handler: the alarm is spent. `need` describes what is open, to see whether anything changed. */
  fired(need: string): void {
    this.#armedAt = null;
    this.#repeats = need === this.#lastNeed ? Math.min(this.#repeats + 1, 12) : 0;
    this.#lastNeed = need;
  }

  #clear(): void {
    if (this.#armedAt === null) return;
    this.#armedAt = null;
    void this.#room.ctx.storage.deleteAlarm();
  }
}
