import type { Part } from "../channel.ts";
import { escapeHtml } from "../html.ts";
import { parse } from "../markdown.ts";
import { type Mark, PLAIN, type Span, type Syntax, spansOf, write } from "../spans.ts";
import { split } from "../split.ts";
import { toHtml } from "./html.ts";

/** A row of the group's database holds 2 MB; a page stays quick far below that. UTF-16 units of HTML. */
export const TEXT = 200_000;
export const PARTS = 10;

/** One part: HTML as `body`, the markdown itself as `plain`. Only above the limit it is cut, and then shown simply. */
export function render(markdown: string): Part[] {
  const plain = markdown.toWellFormed();
  if (plain.trim() === "") return [];
  if (plain.length <= TEXT) {
    const body = toHtml(plain);
    if (body.length <= TEXT) return [{ body, plain }];
  }
  return split(spansOf(parse(plain)), { limit: TEXT, parts: PARTS, encode });
}

const TAGS: Record<Exclude<Mark["type"], "link">, string> = {
  bold: "strong",
  italic: "em",
  underline: "u",
  strike: "del",
  spoiler: "mark",
  code: "code",
  quote: "blockquote",
  pre: "pre",
};

const HTML: Syntax = {
  open: (mark) =>
    mark.type === "link"
      ? `<a href="${escapeHtml(mark.url)}" target="_blank" rel="noopener noreferrer">`
      : `<${TAGS[mark.type]}>`,
  close: (mark) => (mark.type === "link" ? "</a>" : `</${TAGS[mark.type]}>`),
  text: (text) => escapeHtml(text).replaceAll("\n", "<br>"),
};

function encode(spans: Span[]): Part {
  return { body: `<div>${write(spans, HTML)}</div>`, plain: write(spans, PLAIN) };
}
