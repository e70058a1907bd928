import { decodeTime, encodeTime, isValid, monotonicFactory } from "ulid";

/** Time and chance enter the program in this file only; everything else is given them. */

/** Milliseconds since the epoch. */
export function now(): number {
  return Date.now();
}

/** A number from 0 up to, not including, 1. Good enough for secrets: it comes from the platform's own source. */
export function random(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32;
}

const next = monotonicFactory(random);
let floor = 0;

/**
 * A ULID: 26 characters that sort by the time they were made. Each id is greater than every one that this isolate
 * made before, also within one millisecond and after the clock was set back.
 */
export function newId(): string {
  return next(Math.max(now(), floor));
}

/** Makes all later ids greater than `id`, which an earlier run left in storage: its clock may have been ahead of ours. */
export function continueAfter(id: string | undefined): void {
  if (id && isValid(id)) floor = Math.max(floor, decodeTime(id) + 1);
}

/** The smallest id of a moment, in milliseconds: everything that was made before has a smaller one. */
export function earliestId(at: number): string {
  return encodeTime(at).padEnd(26, "0");
}

/** Names one construction of an object. A claim that carries another boot's id is dead. */
export function bootId(): string {
  return crypto.randomUUID();
}

// Without 0, 1, I and O. 32 letters: five bits each, none more likely than another.
const LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/** A code that people read out and type. */
export function newCode(length: number): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => LETTERS[byte % 32]).join("");
}

/** 256 random bits as text that fits into a URL and a cookie. */
export function newToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace("=", "");
}
