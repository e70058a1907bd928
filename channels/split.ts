import type { Part } from "./channel.ts";
import { isPre, type Span } from "./spans.ts";

/** What a platform can take. */
export interface Shape {
  /** Longest `body` and longest `plain` of one part, in UTF-16 units. At least 1,500: marks and a link need room. */
  limit: number;
  /** Most parts; the last one says that the rest was cut. */
  parts: number;
  encode(spans: Span[]): Part;
}

const NOTICE: Span[] = [{ text: "\n\n[The rest was cut: it is too long for this chat.]", marks: [] }];

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/**
 * Cuts spans into parts within the limit: between paragraphs if it can, else lines, else words, else graphemes.
 * A part closes the marks that are open at its end and the next opens them again. White space at a cut is dropped.
 */
export function split(spans: Span[], to: Shape): Part[] {
  const parts: Part[] = [];
  let rest = spans;
  while (textOf(rest).trim() !== "") {
    let piece = take(rest, to, []);
    const last = parts.length === to.parts - 1 && textOf(piece.rest).trim() !== "";
    if (last) piece = { head: [...take(rest, to, NOTICE).head, ...NOTICE], rest: [] };
    if (textOf(piece.head).trim() !== "") parts.push(to.encode(piece.head));
    rest = piece.rest;
  }
  return parts;
}

/** Takes as much as fits together with `tail`. */
function take(spans: Span[], to: Shape, tail: Span[]): { head: Span[]; rest: Span[] } {
  // Two units more than can fit, so that a separator right behind the limit is seen.
  const view = slice(spans, 0, to.limit + 2);
  const size = textOf(view).length;
  const fits = (length: number) => {
    const { body, plain } = to.encode([...slice(view, 0, length), ...tail]);
    return Math.max(body.length, plain.length) <= to.limit;
  };
  const most = longest(Math.min(size, to.limit), fits);
  if (most === size) return { head: view, rest: [] };
  const cut = boundary(view, most);
  return { head: slice(spans, 0, cut.end), rest: slice(spans, cut.next, Number.POSITIVE_INFINITY) };
}

/** The largest length that fits; longer text never renders shorter. */
function longest(upper: number, fits: (length: number) => boolean): number {
  if (fits(upper)) return upper;
  let low = 0;
  let high = upper;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Where to cut so that at most `most` units stay: the head ends at `end`, the rest begins at `next`. */
function boundary(view: Span[], most: number): { end: number; next: number } {
  const text = textOf(view);
  // In the outline, code has no white space: a cut outside of it is better.
  const outline = view.map((span) => (isPre(span) ? span.text.replace(/\s/g, "\0") : span.text)).join("");
  const half = most >> 1;
  const at = (where: string, what: string, least: number) => separator(text, where, what, most, least);
  const end =
    at(outline, "\n\n", half) ??
    at(outline, "\n", half) ??
    at(text, "\n", half) ??
    at(outline, " ", half) ??
    at(text, " ", half) ??
    at(text, "\n", 1) ??
    at(text, " ", 1);
  if (end === undefined) return hardCut(text, most);
  return { end, next: afterSeparator(text, outline, end) };
}

/** The last `what` in `least..most` that does not stand inside a grapheme. */
function separator(
  text: string,
  where: string,
  what: string,
  most: number,
  least: number,
): number | undefined {
  const segments = graphemes.segment(text);
  const clean = (at: number) => at >= text.length || segments.containing(at)?.index === at;
  for (
    let at = where.lastIndexOf(what, most);
    at >= Math.max(least, 1);
    at = where.lastIndexOf(what, at - 1)
  ) {
    if (clean(at) && clean(at + 1)) return at;
  }
  return undefined;
}

function afterSeparator(text: string, outline: string, end: number): number {
  if (outline[end] === "\n") return end + /^\n+/.exec(outline.slice(end))![0].length;
  // Inside code only the line break that the cut replaces is dropped; spaces there mean something.
  return text[end] === "\n" || outline[end] === " " ? end + 1 : end;
}

function hardCut(text: string, most: number): { end: number; next: number } {
  const grapheme = graphemes.segment(text).containing(most)?.index ?? most;
  const end = grapheme > 0 ? grapheme : codePoint(text, most);
  return { end, next: end };
}

/** A grapheme longer than a whole part is cut between code points. */
function codePoint(text: string, most: number): number {
  const inPair = /[\uDC00-\uDFFF]/.test(text[most] ?? "") && /[\uD800-\uDBFF]/.test(text[most - 1] ?? "");
  const end = inPair ? most - 1 : most;
  return end > 0 ? end : String.fromCodePoint(text.codePointAt(0)!).length;
}

function textOf(spans: readonly Span[]): string {
  return spans.map((span) => span.text).join("");
}

function slice(spans: readonly Span[], from: number, to: number): Span[] {
  const out: Span[] = [];
  let at = 0;
  for (const span of spans) {
    if (at >= to) break;
    const text = span.text.slice(Math.max(0, from - at), to - at);
    if (text !== "") out.push({ ...span, text });
    at += span.text.length;
  }
  return out;
}
