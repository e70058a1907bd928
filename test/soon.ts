import { vi } from "vitest";

/** A machine that does other things as well may need so long for what takes milliseconds. */
const WITHIN_MS = 30_000;

/** Asks again and again until nothing is thrown; throws the last error when the time is up. */
export function soon<T>(asked: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(asked, { timeout: WITHIN_MS, interval: 20 });
}
