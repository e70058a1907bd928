import { Buffer } from "node:buffer";
import type { Budget } from "./budget.ts";

/** A dictionary; keys without their slash. */
export type Dict = Map<string, Value>;
/** A value of a PDF: ISO 32000-1, 7.3. `text` holds a byte in each character; `op` is a bare word. */
export type Value =
  | null
  | boolean
  | number
  | { name: string }
  | { text: string }
  | { ref: number }
  | { op: string }
  | Value[]
  | Dict
  | Stream;

/** A stream as it stands in the file. */
export interface Stream {
  dict: Dict;
  bytes: Uint8Array;
}

/** By byte: space, a sign that ends a word, or neither. */
const [SPACE, DELIMITER] = [1, 2];
const KINDS = new Uint8Array(256);
for (const byte of [0, 9, 10, 12, 13, 32]) KINDS[byte] = SPACE;
for (const sign of "()<>[]{}/%") KINDS[sign.charCodeAt(0)] = DELIMITER;
const SPECIAL = new Set([0x28, 0x29, 0x5c]);
const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };
/** Values in values; deeper ones are no document but an attack. */
const DEEPEST = 60;
/** Bytes of a string and of a word: ISO 32000-1, annex C. What is longer is cut. */
const LONGEST = 32_767;
const LONGEST_WORD = 127;
/** Values in one value. */
const MOST = 65_536;
/** A dictionary takes more memory than a number. */
const DICT = 8;

export const isDict = (value: unknown): value is Dict => value instanceof Map;
export const isStream = (value: unknown): value is Stream =>
  typeof value === "object" && value !== null && "dict" in value;
export const isText = (value: unknown): value is { text: string } =>
  typeof value === "object" && value !== null && "text" in value;
export const nameOf = (value: unknown): string | undefined =>
  typeof value === "object" && value !== null && "name" in value ? String(value.name) : undefined;
export const opOf = (value: unknown): string | undefined =>
  typeof value === "object" && value !== null && "op" in value ? String(value.op) : undefined;

/** Reads values one after the other: of a file, a content stream or a character map. Throws `BudgetSpent` alone. */
export class Reader {
  readonly bytes: Uint8Array;
  readonly budget: Budget;
  at: number;
  /** Values in the one that is being read. */
  #inner = 0;

  constructor(bytes: Uint8Array, budget: Budget, at = 0) {
    this.bytes = bytes;
    this.budget = budget;
    this.at = at;
  }

  /** The next value, or undefined at the end. */
  next(depth = 0): Value | undefined {
    this.budget.takeValues();
    this.#inner = depth === 0 ? 0 : this.#inner + 1;
    this.skipSpace();
    const sign = this.#sign();
    if (sign === undefined || depth > DEEPEST || this.#inner > MOST) return undefined;
    if (sign === "/") return { name: this.#name() };
    if (sign === "(") return { text: this.#literal() };
    if (sign === "[") return this.#list(depth);
    if (sign === "<") return this.#sign(1) === "<" ? this.#dict(depth) : { text: this.#hex() };
    if (KINDS[this.bytes[this.at]!] === DELIMITER) {
      this.at += sign === ">" && this.#sign(1) === ">" ? 2 : 1;
      return { op: sign };
    }
    return this.#word();
  }

  skipSpace(): void {
    for (; this.at < this.bytes.length; this.at++) {
      if (this.bytes[this.at] === 0x25) this.#skipLine();
      if (KINDS[this.bytes[this.at]!] !== SPACE) return;
    }
  }

  #skipLine(): void {
    while (this.at < this.bytes.length && this.bytes[this.at] !== 10 && this.bytes[this.at] !== 13) this.at++;
  }

  #sign(ahead = 0): string | undefined {
    const byte = this.bytes[this.at + ahead];
    return byte === undefined ? undefined : String.fromCharCode(byte);
  }

  #regular(): string {
    const from = this.at;
    let text = "";
    for (; KINDS[this.bytes[this.at] ?? 0] === 0; this.at++)
      if (this.at - from < LONGEST_WORD) text += String.fromCharCode(this.bytes[this.at]!);
    return text;
  }

  #name(): string {
    this.at++;
    return this.#regular().replace(/#([0-9a-f]{2})/gi, (_, code) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
  }

  #word(): Value {
    const word = this.#regular();
    if (word < ":" && /^[+-]*\d*\.?\d*(-\d*)?$/.test(word) && /\d/.test(word)) return this.#number(word);
    if (word === "true" || word === "false") return word === "true";
    return word === "null" ? null : { op: word };
  }

  /** A number, or `n g R`. */
  #number(word: string): Value {
    const value = Number.parseFloat(word.replace(/^[+-]*-/, "-").replace(/^\++/, ""));
    // Content streams are full of numbers: most are told from references by the byte after the space.
    const second = this.bytes[this.at + 1] ?? 0;
    if (second < 0x30 || second > 0x39 || !/^\d+$/.test(word)) return value;
    const tail = /^\s\d+\s+R(?!\w)/.exec(latin(this.bytes.subarray(this.at, this.at + 16)));
    if (!tail) return value;
    this.at += tail[0].length;
    return { ref: value };
  }

  #literal(): string {
    let text = "";
    let open = 1;
    this.at++;
    while (open > 0 && this.at < this.bytes.length) {
      const plain = this.#plain();
      const sign = this.#sign() ?? "";
      this.at++;
      if (sign === "(") open++;
      if (sign === ")") open--;
      if (text.length >= LONGEST) this.at += sign === "\\" ? 1 : 0;
      else text += plain + (sign === "\\" ? this.#escape() : open > 0 ? sign : "");
    }
    return text;
  }

  /** A string's letters up to a sign that means something. */
  #plain(): string {
    const from = this.at;
    for (let byte = this.bytes[from]; byte !== undefined && !SPECIAL.has(byte); byte = this.bytes[++this.at]);
    return this.at === from ? "" : latin(this.bytes.subarray(from, Math.min(this.at, from + LONGEST)));
  }

  #escape(): string {
    const octal = /^[0-7]{1,3}/.exec(latin(this.bytes.subarray(this.at, this.at + 3)))?.[0];
    if (octal) {
      this.at += octal.length;
      return String.fromCharCode(Number.parseInt(octal, 8) & 255);
    }
    const sign = this.#sign() ?? "";
    this.at++;
    if (sign === "\r" && this.#sign() === "\n") this.at++;
    return sign === "\r" || sign === "\n" ? "" : (ESCAPES[sign] ?? sign);
  }

  #hex(): string {
    const end = this.bytes.indexOf(0x3e, this.at);
    const until = Math.min(end < 0 ? this.bytes.length : end, this.at + 2 * LONGEST);
    const digits = latin(this.bytes.subarray(this.at, until)).replace(/[^0-9a-f]/gi, "");
    this.at = end < 0 ? this.bytes.length : end + 1;
    return (digits.length % 2 ? `${digits}0` : digits).replace(/../g, (pair) =>
      String.fromCharCode(Number.parseInt(pair, 16)),
    );
  }

  #list(depth: number): Value[] {
    const list: Value[] = [];
    this.at++;
    for (
      let value = this.next(depth + 1);
      value !== undefined && opOf(value) !== "]";
      value = this.next(depth + 1)
    )
      list.push(value);
    return list;
  }

  #dict(depth: number): Dict {
    const dict: Dict = new Map();
    this.budget.takeValues(DICT);
    this.at += 2;
    for (let key = this.next(depth + 1); key !== undefined && opOf(key) !== ">"; key = this.next(depth + 1)) {
      const name = nameOf(key);
      if (name === undefined) continue;
      const value = this.next(depth + 1);
      if (value === undefined || opOf(value) === ">") break;
      dict.set(name, value);
    }
    return dict;
  }
}

/** Bytes as characters of the same codes. */
export function latin(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

/** Where these letters stand next, or -1. */
export function find(bytes: Uint8Array, letters: string, from: number): number {
  const first = letters.charCodeAt(0);
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    let matched = 1;
    while (matched < letters.length && bytes[at + matched] === letters.charCodeAt(matched)) matched++;
    if (matched === letters.length) return at;
  }
  return -1;
}
