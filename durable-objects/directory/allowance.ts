import { channels } from "../../channels/index.ts";

/** So many milliseconds' share may go at once. */
const BURST_MS = 1000;

/**
 * A bot's sends to all its chats together, for what is sent to many at once: each gets a moment of its own. In memory;
 * a restart lets at most a second's share go twice.
 */
export class Allowance {
  /** By channel, up to when the moments are taken, in milliseconds. */
  readonly #taken = new Map<string, number>();
  #asked = 0;

  /** Takes the next moments for so many sends, and answers how long to wait for the first, in milliseconds. */
  lease(channel: string, sends: number, now: number): number {
    const perSecond = channels[channel]?.limits.fanOutPerSecond;
    if (!perSecond) return 0;
    // A clock that was set back must not make everybody wait for the old time.
    if (now < this.#asked) this.#taken.clear();
    this.#asked = now;
    const from = Math.max(now - BURST_MS, this.#taken.get(channel) ?? 0);
    this.#taken.set(channel, from + (sends * 1000) / perSecond);
    return Math.max(0, Math.ceil(from - now));
  }
}
