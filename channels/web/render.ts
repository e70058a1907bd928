import type { Part } from "../channel.ts";
import { escapeHtml } from "../html.ts";
import { PLAIN, type Span, write } from "../spans.ts";
import { split } from "../split.ts";
import { toHtml } from "./html.ts";

/** A row of the group's database holds 2 MB; a page stays quick far below that. UTF-16 units of HTML. */
export const TEXT = 200_000;
export const PARTS = 10;

/** One part: HTML as `body`, the markdown itself as `plain`. Only above the limit it is cut, and then shown as it is. */
export function render(markdown: string): Part[] {
  const plain = markdown.toWellFormed();
  if (plain.trim() === "") return [];
  if (plain.length <= TEXT) {
    const body = toHtml(plain);
    if (body.length <= TEXT) return [{ body, plain }];
  }
  return split([{ text: plain, marks: [] }], { limit: TEXT, parts: PARTS, encode });
}

function encode(spans: Span[]): Part {
  const plain = write(spans, PLAIN);
  return { body: `<pre>${escapeHtml(plain)}</pre>`, plain };
}
