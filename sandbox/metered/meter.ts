import { AsyncLocalStorage } from "node:async_hooks";

/** Ticks are steps of some 10 ns. So many of them pass until others have their turn: 10 to 50 ms. */
const SLICE = 2_000_000;
/** Ticks of one piece, a regular expression or a `sort`, in which nobody can have a turn: at most some 0.8 s. */
const PIECE = 60_000_000;
/** Ticks to clean up in, when a piece was too long. */
const GRACE = 2_000_000;

/** Elements of an array that take as long to copy as one key of an object. */
const PER_KEY = 15;

/** Ticks since others had their turn. */
let ticks = 0;
/** How many of these are on an account. */
let settled = 0;
let limit = PIECE;

/** What one program did. */
export interface Account {
  ticks: number;
  /** A piece was too long. */
  overran: boolean;
}

const accounts = new AsyncLocalStorage<Account>();

/**
 * Runs a program whose ticks go on an account. Two that wait by turns settle at every command; what one did in between
 * without settling can come on the other's account.
 */
export function metered<T>(account: Account, run: () => Promise<T>): Promise<T> {
  settle();
  return accounts.run(account, async () => {
    try {
      return await run();
    } finally {
      settle();
    }
  });
}

/** What a program is ended with. */
export const SPENT = "CPU time limit exceeded";

/** Whether an error says that a program was ended. */
export function isSpent(error: unknown): boolean {
  return error instanceof Error && error.message === SPENT;
}

/** Counts. Throws when there was too much without a turn for others. */
export function tick(count: number): void {
  ticks += count;
  if (ticks > limit) end();
}

/** Counts in a place that can wait, and tells whether it shall. */
export function isDue(count: number): boolean {
  tick(count);
  return isTired();
}

/** Whether others should have their turn. */
export function isTired(): boolean {
  return ticks > SLICE;
}

/** Gives others their turn. */
export async function rest(): Promise<void> {
  newPiece();
  await new Promise((resolve) => setTimeout(resolve, 0));
  newPiece();
}

/** Begins to count anew: others had their turn. */
export function newPiece(): void {
  settle();
  ticks = 0;
  settled = 0;
  limit = PIECE;
}

/** Counts what a function of the runtime is about to work on, by its characters or elements. */
export function sized<T>(value: T, perTick: number): T {
  ticks += Math.trunc((typeof value === "string" ? value.length : elementsOf(value)) / perTick);
  return value;
}

/** The same where only the characters of a key cost something: it is copied and hashed. */
export function keyed<T>(value: T, perTick: number): T {
  if (typeof value === "string") ticks += Math.trunc(value.length / perTick);
  return value;
}

/** The same where only elements cost something: a part of a string is no copy. */
export function listed<T>(value: T, perTick: number): T {
  ticks += Math.trunc(elementsOf(value) / perTick);
  return value;
}

/** The same for what is about to be made anew, part by part: the keys of an object count several times, as they cost. */
export function copied<T>(value: T, perTick: number): T {
  if (typeof value === "number") ticks += value > 0 ? Math.trunc(value / perTick) : 0;
  else if (isPlain(value)) ticks += Math.trunc((Object.keys(value).length * PER_KEY) / perTick);
  else sized(value, perTick);
  return value;
}

/** Puts what was counted on the account of the program that runs. */
export function settle(): void {
  const account = accounts.getStore();
  if (account) account.ticks += ticks - settled;
  settled = ticks;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

function elementsOf(value: unknown): number {
  if (Array.isArray(value) || value instanceof Uint8Array) return value.length;
  return value instanceof Map || value instanceof Set ? value.size : 0;
}

function end(): never {
  limit = PIECE + GRACE;
  const account = accounts.getStore();
  if (account) account.overran = true;
  throw new Error(SPENT);
}
