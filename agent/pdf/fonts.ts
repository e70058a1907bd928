import type { Budget } from "./budget.ts";
import { type CharacterMap, codeOf, readCharacterMap, utf16 } from "./character-map.ts";
import type { PdfDocument } from "./document.ts";
import { glyphText } from "./glyphs.ts";
import { type Dict, isDict, isStream, nameOf, type Value } from "./objects.ts";

/** A character that is shown: its text (empty where nobody can know it) and its width in thousandths of the size. */
export interface Glyph {
  text: string;
  width: number;
  /** A single byte 32: word spacing is added to it. */
  isSpace: boolean;
}

export interface Font {
  glyphs(bytes: string): Glyph[];
}

/** Where Adobe's standard encoding differs from Windows', as far as it matters. */
const STANDARD: Record<number, string> = Object.fromEntries(
  Object.entries({
    39: "’",
    96: "‘",
    170: "“",
    174: "fi",
    175: "fl",
    177: "–",
    183: "•",
    185: "„",
    186: "”",
    188: "…",
    208: "—",
  }),
);

/** Reads a font of a page's resources. */
export function readFont(document: PdfDocument, font: Dict, budget: Budget): Font {
  const stream = document.resolve(font.get("ToUnicode"));
  const decoded = isStream(stream) ? document.decode(stream, budget) : undefined;
  const map = decoded ? readCharacterMap(decoded, budget) : undefined;
  return nameOf(document.resolve(font.get("Subtype"))) === "Type0"
    ? composite(document, font, map)
    : simple(document, font, map);
}

function simple(document: PdfDocument, font: Dict, map: CharacterMap | undefined): Font {
  const meanings = encodingOf(document, font);
  const widthOf = simpleWidths(document, font);
  return {
    glyphs: (bytes) =>
      [...bytes].map((byte) => {
        const code = byte.charCodeAt(0);
        const text = map?.text.get(code) ?? meanings[code] ?? "";
        return { text, width: widthOf(code, text), isSpace: code === 32 };
      }),
  };
}

function encodingOf(document: PdfDocument, font: Dict): string[] {
  const encoding = document.resolve(font.get("Encoding"));
  const base =
    nameOf(encoding) ??
    (isDict(encoding) ? nameOf(document.resolve(encoding.get("BaseEncoding"))) : undefined);
  const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
  const label = base === "MacRomanEncoding" ? "macintosh" : "windows-1252";
  const meanings = [...new TextDecoder(label).decode(codes)];
  if (!base) for (const [code, text] of Object.entries(STANDARD)) meanings[Number(code)] = text;
  const differences = isDict(encoding) ? document.resolve(encoding.get("Differences")) : undefined;
  let code = 0;
  for (const entry of Array.isArray(differences) ? differences : []) {
    if (typeof entry === "number") code = entry;
    else meanings[code++] = glyphText(nameOf(entry) ?? "") ?? "";
  }
  return meanings;
}

function simpleWidths(document: PdfDocument, font: Dict) {
  const widths = document.resolve(font.get("Widths"));
  const first = Number(document.resolve(font.get("FirstChar")) ?? 0);
  const fixed = /courier|mono/i.test(nameOf(document.resolve(font.get("BaseFont"))) ?? "");
  return (code: number, text: string) => {
    const width = Array.isArray(widths) ? document.resolve(widths[code - first]) : undefined;
    if (typeof width === "number") return width;
    return fixed ? 600 : usualWidth(text);
  };
}

/** The standard fonts bring no widths: about those of Helvetica. */
function usualWidth(text: string): number {
  if (/^[ ijlItf.,:;!'|/\\()[\]]$/.test(text)) return 278;
  if (/^[mMW%@—]$/.test(text)) return 860;
  return /^[A-Z]$/.test(text) ? 690 : 540;
}

function composite(document: PdfDocument, font: Dict, map: CharacterMap | undefined): Font {
  const encoding = nameOf(document.resolve(font.get("Encoding"))) ?? "";
  const isUnicode = /^Uni.*(UCS2|UTF16)/.test(encoding);
  const size = map?.bytes ?? 2;
  const descendants = document.resolve(font.get("DescendantFonts"));
  const descendant = document.resolve(Array.isArray(descendants) ? descendants[0] : undefined);
  const widthOf = compositeWidths(document, isDict(descendant) ? descendant : new Map());
  return {
    glyphs: (bytes) =>
      piecesOf(bytes, size).map((piece) => {
        const code = codeOf(piece);
        const text = map?.text.get(code) ?? (isUnicode ? utf16(piece) : "");
        return { text, width: widthOf(code), isSpace: piece === " " };
      }),
  };
}

function piecesOf(bytes: string, size: number): string[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.slice(index * size, (index + 1) * size),
  );
}

/** ISO 32000-1, 9.7.4.3: `first [w w …]` or `first last w`. */
function compositeWidths(document: PdfDocument, font: Dict): (code: number) => number {
  const listed = document.resolve(font.get("W"));
  const usual = Number(document.resolve(font.get("DW")) ?? 1000);
  const ranges: [first: number, last: number, widths: Value[] | number][] = [];
  const entries = Array.isArray(listed) ? listed.map(document.resolve) : [];
  for (let at = 0; at + 1 < entries.length; ) {
    const [first, next, width] = entries.slice(at, at + 3);
    if (Array.isArray(next)) ranges.push([Number(first), Number(first) + next.length - 1, next]);
    else ranges.push([Number(first), Number(next), Number(width)]);
    at += Array.isArray(next) ? 2 : 3;
  }
  ranges.sort(([one], [other]) => one - other);
  return (code) => {
    const [first, last, widths] = ranges[lastUpTo(code, ranges)] ?? [0, -1, usual];
    if (code > last) return usual;
    return Array.isArray(widths) ? Number(document.resolve(widths[code - first]) ?? usual) : widths;
  };
}

/** Where the last range stands that begins at or before a code: they are in order, and as many as a file may hold. */
function lastUpTo(code: number, ranges: readonly [first: number, ...unknown[]][]): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ranges[middle]![0] <= code) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
