import type { Part } from "../channel.ts";
import { escapeHtml } from "../html.ts";
import { parse } from "../markdown.ts";
import { type Mark, PLAIN, type Span, type Syntax, spansOf, write } from "../spans.ts";
import { split } from "../split.ts";

/** Longest message and most messages of one answer. https://core.telegram.org/bots/api#sendmessage */
export const TEXT = 4096;
export const PARTS = 20;

const TAGS: Record<Exclude<Mark["type"], "pre" | "link">, string> = {
  bold: "b",
  italic: "i",
  underline: "u",
  strike: "s",
  spoiler: "tg-spoiler",
  code: "code",
  quote: "blockquote",
};

/** Telegram's HTML: https://core.telegram.org/bots/api#html-style */
const HTML: Syntax = {
  open(mark) {
    if (mark.type === "link") return `<a href="${escapeHtml(mark.url)}">`;
    if (mark.type !== "pre") return `<${TAGS[mark.type]}>`;
    return mark.lang ? `<pre><code class="language-${escapeHtml(mark.lang)}">` : "<pre>";
  },
  close(mark) {
    if (mark.type === "link") return "</a>";
    if (mark.type !== "pre") return `</${TAGS[mark.type]}>`;
    return mark.lang ? "</code></pre>" : "</pre>";
  },
  text: escapeHtml,
};

/** Markdown as messages in Telegram's HTML, each at most 4,096 UTF-16 units with its tags, and as plain text. */
export function render(markdown: string): Part[] {
  const spans = spansOf(parse(markdown), ["http", "https", "mailto", "tel", "tg"]);
  return split(spans, { limit: TEXT, parts: PARTS, encode });
}

function encode(spans: Span[]): Part {
  return { body: write(spans, HTML), plain: write(spans, PLAIN) };
}
