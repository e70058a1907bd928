import { setTimeout as sleep } from "node:timers/promises";
import { jittered } from "./clock.ts";

const LONGEST_MS = 60_000;

export interface Patience {
  /** Ends the waiting. */
  signal: AbortSignal;
  /** The first pause, in milliseconds; each is twice the one before, up to a minute [1 s]. */
  firstMs?: number;
  /** Whether waiting may mend this. */
  passes(error: unknown): boolean;
  /** Hears of each attempt that failed and is made again. */
  failed(error: Error): void;
}

/** Tries until it works. Rejects with what waiting does not mend, and with the last failure when the signal aborts. */
export async function patiently<T>(
  attempt: () => Promise<T>,
  { signal, firstMs = 1000, passes, failed }: Patience,
): Promise<T> {
  for (let pause = firstMs; ; pause = Math.min(pause * 2, LONGEST_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || !passes(error)) throw error;
      failed(error as Error);
      await sleep(jittered(pause), undefined, { signal });
    }
  }
}
