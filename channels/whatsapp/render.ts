import type { Part } from "../channel.ts";
import { parse } from "../markdown.ts";
import { type Mark, PLAIN, type Span, type Syntax, spansOf, write } from "../spans.ts";
import { split } from "../split.ts";

/** WhatsApp takes 65,536 characters; nobody reads them in one bubble, and its business API takes 4,096. */
export const TEXT = 4096;
export const PARTS = 10;

const SIGNS: Partial<Record<Mark["type"], string>> = {
  bold: "*",
  italic: "_",
  strike: "~",
  code: "`",
  pre: "```",
};

/** https://faq.whatsapp.com/539178204879377: there is no escape, and a link is its address. */
const MARKUP: Syntax = {
  open: (mark) => (mark.type === "quote" ? "> " : (SIGNS[mark.type] ?? "")),
  close: (mark) => SIGNS[mark.type] ?? PLAIN.close(mark),
  text: (text) => text,
};

/** Markdown as messages in WhatsApp's markup, and as plain text. */
export function render(markdown: string): Part[] {
  const spans = spansOf(parse(markdown), ["http", "https", "mailto", "tel"]);
  return split(spans, { limit: TEXT, parts: PARTS, encode });
}

function encode(spans: Span[]): Part {
  return { body: write(spans.map(quoted), MARKUP), plain: write(spans, PLAIN) };
}

/** WhatsApp marks each line of a quote. */
function quoted(span: Span): Span {
  if (!span.marks.some((mark) => mark.type === "quote")) return span;
  return { ...span, text: span.text.replace(/\n/g, "\n> ") };
}
