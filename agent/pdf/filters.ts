import { Buffer } from "node:buffer";
import { constants, inflateSync } from "node:zlib";
import { type Dict, isDict, latin, nameOf, type Value } from "./objects.ts";

/** Bytes that one stream may unfold to. */
const LARGEST = 16 * 1024 * 1024;

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

/** Undoes a stream's filters. Undefined where one is not for text. What is broken gives what could be read. */
export function decodeStream(
  bytes: Uint8Array,
  dict: Dict,
  resolve: (value: Value | undefined) => Value | undefined,
): Uint8Array | undefined {
  const filters = listOf(resolve(dict.get("Filter") ?? dict.get("F")));
  const parameters = listOf(resolve(dict.get("DecodeParms") ?? dict.get("DP")));
  let decoded = bytes;
  for (const [index, filter] of filters.entries()) {
    const undo = FILTERS[nameOf(resolve(filter)) ?? ""];
    if (!undo) return undefined;
    decoded = unpredict(undo(decoded), resolve(parameters[index]));
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
  const pairs = digits.match(/..?/g) ?? [];
  return Uint8Array.from(pairs, (pair) => Number.parseInt(pair.padEnd(2, "0"), 16));
}

function from85(bytes: Uint8Array): Uint8Array {
  const text = latin(bytes).split("~")[0]!.replace(/\s/g, "").replaceAll("z", "!!!!!");
  const out: number[] = [];
  for (let at = 0; at < text.length; at += 5) {
    const group = text.slice(at, at + 5);
    let word = 0;
    for (const sign of group.padEnd(5, "u")) word = word * 85 + (sign.charCodeAt(0) - 33);
    for (let byte = 0; byte < group.length - 1; byte++) out.push((word / 2 ** (24 - 8 * byte)) & 255);
  }
  return Uint8Array.from(out);
}

/** ISO 32000-1, 7.4.4: codes of 9 to 12 bits; the width grows one code early. */
function unpackLzw(bytes: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  let table: Uint8Array[] = [];
  let [bits, buffer, held, size] = [9, 0, 0, 0];
  let last: Uint8Array | undefined;
  const clear = () => {
    table = Array.from({ length: 258 }, (_, code) => Uint8Array.of(code & 255));
    [bits, last] = [9, undefined];
  };
  clear();
  for (const byte of bytes) {
    [buffer, held] = [((buffer << 8) | byte) & 0xfffff, held + 8];
    if (held < bits) continue;
    held -= bits;
    const code = (buffer >> held) & ((1 << bits) - 1);
    if (code === 257 || size > LARGEST) break;
    if (code === 256) clear();
    else {
      const entry = table[code] ?? (last && Buffer.concat([last, last.subarray(0, 1)]));
      if (!entry) break;
      if (last) table.push(Buffer.concat([last, entry.subarray(0, 1)]));
      chunks.push(entry);
      size += entry.length;
      last = entry;
      bits = Math.min(12, Math.max(9, 32 - Math.clz32(table.length + 1)));
    }
  }
  return Buffer.concat(chunks);
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
  const [toLeft, toAbove, toCorner] = [left, above, corner].map((value) => Math.abs(guess - value)) as [
    number,
    number,
    number,
  ];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
