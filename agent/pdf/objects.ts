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

const SPACE = new Set([0, 9, 10, 12, 13, 32]);
const DELIMITER = new Set([..."()<>[]{}/%"].map((sign) => sign.charCodeAt(0)));
const ESCAPES: Record<string, string> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };
/** Values in values; deeper ones are no document but an attack. */
const DEEPEST = 60;

export const isDict = (value: unknown): value is Dict => value instanceof Map;
export const isStream = (value: unknown): value is Stream =>
  typeof value === "object" && value !== null && "dict" in value;
export const isText = (value: unknown): value is { text: string } =>
  typeof value === "object" && value !== null && "text" in value;
export const nameOf = (value: unknown): string | undefined =>
  typeof value === "object" && value !== null && "name" in value ? String(value.name) : undefined;
export const opOf = (value: unknown): string | undefined =>
  typeof value === "object" && value !== null && "op" in value ? String(value.op) : undefined;

/** Reads values one after the other: of a file, a content stream or a character map. Never throws. */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  /** The next value, or undefined at the end. */
  next(depth = 0): Value | undefined {
    this.skipSpace();
    const sign = this.#sign();
    if (sign === undefined || depth > DEEPEST) return undefined;
    if (sign === "/") return { name: this.#name() };
    if (sign === "(") return { text: this.#literal() };
    if (sign === "[") return this.#list(depth);
    if (sign === "<") return this.#sign(1) === "<" ? this.#dict(depth) : { text: this.#hex() };
    if (DELIMITER.has(this.bytes[this.at]!)) {
      this.at += sign === ">" && this.#sign(1) === ">" ? 2 : 1;
      return { op: sign };
    }
    return this.#word();
  }

  skipSpace(): void {
    for (; this.at < this.bytes.length; this.at++) {
      if (this.bytes[this.at] === 0x25) this.#skipLine();
      if (!SPACE.has(this.bytes[this.at]!)) return;
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
    while (this.at < this.bytes.length) {
      const byte = this.bytes[this.at]!;
      if (SPACE.has(byte) || DELIMITER.has(byte)) break;
      this.at++;
    }
    return latin(this.bytes.subarray(from, this.at));
  }

  #name(): string {
    this.at++;
    return this.#regular().replace(/#([0-9a-f]{2})/gi, (_, code) =>
      String.fromCharCode(Number.parseInt(code, 16)),
    );
  }

  #word(): Value {
    const word = this.#regular();
    if (/^[+-]*\d*\.?\d*(-\d*)?$/.test(word) && /\d/.test(word)) return this.#number(word);
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
    for (let sign = this.#sign(); sign !== undefined; sign = this.#sign()) {
      this.at++;
      if (sign === "\\") {
        text += this.#escape();
        continue;
      }
      if (sign === "(") open++;
      if (sign === ")" && --open === 0) break;
      text += sign;
    }
    return text;
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
    const digits = latin(this.bytes.subarray(this.at, end < 0 ? undefined : end)).replace(/[^0-9a-f]/gi, "");
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
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192)
    text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
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
