import type { Budget } from "./budget.ts";
import { isText, opOf, Reader, type Value } from "./objects.ts";

/** Codes of a range that are written out; a larger range is none of a real font. */
const WIDEST = 65_536;
/** Bytes of a map that are read: about as many as one of all codes has. */
const LARGEST = 1024 * 1024;
/** What it costs to note one code. */
const NOTE = 4;
/** Bytes that one code stands for: a ligature's letters. */
const LONGEST = 64;

/** What codes mean, and how many bytes each has. ISO 32000-1, 9.10.3. */
export interface CharacterMap {
  text: Map<number, string>;
  /** Bytes a code; undefined where the map does not say. */
  bytes?: number;
}

/** Reads a `ToUnicode` map. */
export function readCharacterMap(stream: Uint8Array, budget: Budget): CharacterMap {
  const map: CharacterMap = { text: new Map() };
  const reader = new Reader(stream.subarray(0, LARGEST), budget);
  let values: Value[] = [];
  for (let value = reader.next(); value !== undefined; value = reader.next()) {
    const op = opOf(value);
    if (op === undefined) {
      values.push(value);
      continue;
    }
    if (op === "endcodespacerange" && isText(values[0]))
      map.bytes = Math.max(map.bytes ?? 1, values[0].text.length);
    if (op === "endbfchar") addPairs(map, values);
    if (op === "endbfrange") addRanges(map, values, budget);
    values = [];
  }
  return map;
}

function addPairs({ text }: CharacterMap, values: Value[]): void {
  for (let at = 0; at + 1 < values.length; at += 2) {
    const [code, to] = [values[at], values[at + 1]];
    if (isText(code) && isText(to)) text.set(codeOf(code.text), meaningOf(to));
  }
}

function addRanges({ text }: CharacterMap, values: Value[], budget: Budget): void {
  for (let at = 0; at + 2 < values.length; at += 3) {
    const [from, to, target] = [values[at], values[at + 1], values[at + 2]];
    if (!isText(from) || !isText(to)) continue;
    const first = codeOf(from.text);
    const count = Math.max(0, Math.min(codeOf(to.text) - first + 1, WIDEST));
    budget.takeValues(NOTE * count);
    for (let index = 0; index < count; index++) {
      const meaning = Array.isArray(target) ? target[index] : target;
      if (isText(meaning))
        text.set(first + index, raised(meaningOf(meaning), Array.isArray(target) ? 0 : index));
    }
  }
}

function meaningOf({ text }: { text: string }): string {
  return utf16(text.slice(0, LONGEST));
}

/** The text whose last unit is so much higher. */
function raised(units: string, by: number): string {
  return units.slice(0, -1) + String.fromCharCode(units.charCodeAt(units.length - 1) + by);
}

/** Bytes as one number. */
export function codeOf(bytes: string): number {
  return [...bytes].reduce((code, byte) => code * 256 + byte.charCodeAt(0), 0);
}

/** Bytes as UTF-16, the higher byte first. */
export function utf16(bytes: string): string {
  if (bytes.length === 1) return bytes;
  return bytes.replace(/([\s\S])([\s\S])/g, (_, high: string, low: string) =>
    String.fromCharCode(high.charCodeAt(0) * 256 + low.charCodeAt(0)),
  );
}
