/** Time and chance of the companion enter here. */

/** Milliseconds since the epoch. */
export function now(): number {
  return Date.now();
}

/** A pause that is a little different each time, so that companions do not come back all at once. */
export function jittered(ms: number): number {
  return ms * (0.75 + Math.random() / 2);
}

/** Names one thing among all that ever were. */
export function newMark(): string {
  return crypto.randomUUID();
}
