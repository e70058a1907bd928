/** Random numbers that can be had again by their seed (mulberry32). From 0 up to, not including, 1. */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `E2E_SEED`, or one of the moment; printed, so that a failure can be had again. */
export function testSeed(): number {
  const seed = Number(process.env.E2E_SEED ?? Date.now() % 1_000_000);
  console.log(`E2E_SEED=${seed}`);
  return seed;
}
