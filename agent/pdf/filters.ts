import { Buffer } from "node:buffer";
import { constants, inflateSync } from "node:zlib";
import { type Dict, isDict, latin, nameOf, type Value } from "./objects.ts";

/** Bytes that one stream may unfold to. */
const LARGEST = 8 * 1024 * 1024;
/** Filters of one stream, one upon the other. */
const MOST_FILTERS = 8;
/** Codes of LZW: those of 12 bits. */
const LZW_CODES = 4096;

type Filter = (bytes: Uint8Array) => Uint8Array;

/** Filters that hold text; those of pictures are not here. */
const FILTERS: Record<string, Filter> = {
  FlateDecode: inflate,
  Fl: inflate,
  ASCIIHexDecode: fromHex,
  AHx: fromHex,
  ASCII85Decode: from85,
  A85: from85,
  LZWDecode: unpackLzw,
  LZW: unpackLzw,
};

/**
 * Undoes a stream's filters. Undefined where one is not for text. What is broken gives what could be read.
 * @param spend hears of the bytes that each filter gave, and of those that the stream holds; may throw
 */
export function decodeStream(
  bytes: Uint8Array,
  dict: Dict,
  resolve: (value: Value | undefined) => Value | undefined,
  spend: (bytes: number) => void = () => {},
): Uint8Array | undefined {
  const filters = listOf(resolve(dict.get("Filter") ?? dict.get("F")));
  if (filters.length > MOST_FILTERS) return undefined;
  const parameters = listOf(resolve(dict.get("DecodeParms") ?? dict.get("DP")));
  let decoded = bytes;
  spend(bytes.length);
  for (const [index, filter] of filters.entries()) {
    const undo = FILTERS[nameOf(resolve(filter)) ?? ""];
    if (!undo) return undefined;
    decoded = unpredict(undo(decoded), resolve(parameters[index]));
    spend(decoded.length);
  }
  return decoded;
}

function listOf(value: Value | undefined): (Value | undefined)[] {
  if (Array.isArray(value)) return value;
  return value === undefined || value === null ? [] : [value];
}

/** A stream that ends early gives what it has; one that unfolds to too much, or is broken, nothing. */
function inflate(bytes: Uint8Array): Uint8Array {
  try {
    return inflateSync(bytes, { maxOutputLength: LARGEST, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return new Uint8Array();
  }
}

function fromHex(bytes: Uint8Array): Uint8Array {
  const digits = latin(bytes)
    .split(">")[0]!
    .replace(/[^0-9a-f]/gi, "");
  return Buffer.from(digits.length % 2 ? `${digits}0` : digits, "hex");
}

function from85(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.min(LARGEST, bytes.length * 4));
  let [size, word, held] = [0, 0, 0];
  const put = (count: number) => {
    for (let byte = 0; byte < count; byte++) out[size++] = word >>> (24 - 8 * byte);
    word = 0;
    held = 0;
  };
  for (const byte of bytes) {
    if (byte === 0x7e) break;
    if (byte === 0x7a && held === 0) size += 4;
    else if (byte > 0x20) {
      word = word * 85 + byte - 33;
      if (++held === 5) put(4);
    }
  }
  const tail = held - 1;
  for (; held > 0 && held < 5; held++) word = word * 85 + 84;
  put(tail);
  return out.subarray(0, size);
}

/** ISO 32000-1, 7.4.4: codes of 9 to 12 bits; the width grows one code early. */
function unpackLzw(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.min(LARGEST, bytes.length * LZW_CODES));
  // An entry is the output of the code before and one byte more, so it is where that was put.
  let table: { from: number; length: number }[] = [];
  let last: { from: number; length: number } | undefined;
  let [bits, buffer, held, size] = [9, 0, 0, 0];
  for (const byte of bytes) {
    [buffer, held] = [((buffer << 8) | byte) & 0xfffff, held + 8];
    if (held < bits) continue;
    held -= bits;
    const code = (buffer >> held) & ((1 << bits) - 1);
    if (code === 257 || size >= out.length) break;
    if (code === 256) [table, last, bits] = [[], undefined, 9];
    else {
      if (last && table.length < LZW_CODES) table.push({ from: last.from, length: last.length + 1 });
      const entry = code < 256 ? { from: size, length: 1 } : table[code - 258];
      if (!entry) break;
      if (code < 256) out[size] = code;
      for (let index = 0; index < entry.length; index++) out[size + index] = out[entry.from + index]!;
      last = { from: size, length: entry.length };
      size += entry.length;
      bits = Math.min(12, Math.max(9, 32 - Math.clz32(table.length + 259)));
    }
  }
  return out.subarray(0, size);
}

/** PNG's predictors, which tables of objects use. https://www.w3.org/TR/png/#9Filters */
function unpredict(bytes: Uint8Array, parameters: Value | undefined): Uint8Array {
  const number = (name: string, fallback: number) => {
    const value = isDict(parameters) ? parameters.get(name) : undefined;
    return typeof value === "number" ? value : fallback;
  };
  if (number("Predictor", 1) < 10) return bytes;
  const pixel = Math.max(1, (number("Colors", 1) * number("BitsPerComponent", 8)) >> 3);
  const width = Math.ceil((number("Columns", 1) * number("Colors", 1) * number("BitsPerComponent", 8)) / 8);
  if (!(width > 0)) return bytes;
  const rows = Math.floor(bytes.length / (width + 1));
  const out = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const kind = bytes[row * (width + 1)]!;
    for (let column = 0; column < width; column++) {
      const at = row * width + column;
      const left = column >= pixel ? out[at - pixel]! : 0;
      const above = row > 0 ? out[at - width]! : 0;
      const corner = row > 0 && column >= pixel ? out[at - width - pixel]! : 0;
      out[at] = bytes[at + row + 1]! + predicted(kind, left, above, corner);
    }
  }
  return out;
}

function predicted(kind: number, left: number, above: number, corner: number): number {
  if (kind === 1) return left;
  if (kind === 2) return above;
  if (kind === 3) return (left + above) >> 1;
  if (kind !== 4) return 0;
  const guess = left + above - corner;
  const toLeft = Math.abs(guess - left);
  const toAbove = Math.abs(guess - above);
  const toCorner = Math.abs(guess - corner);
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
