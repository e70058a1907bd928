import type { Part } from "../channel.ts";
import { parse } from "../markdown.ts";
import { type Mark, PLAIN, type Span, type Syntax, spansOf, write } from "../spans.ts";
import { split } from "../split.ts";

/** Longest message: https://discord.com/developers/docs/resources/message#create-message */
export const TEXT = 2000;
export const PARTS = 20;

const SIGNS: Partial<Record<Mark["type"], string>> = {
  bold: "**",
  italic: "*",
  underline: "__",
  strike: "~~",
  spoiler: "||",
};

/** Discord's markdown: https://discord.com/developers/docs/reference#message-formatting */
const MARKDOWN: Syntax = {
  open(mark) {
    if (mark.type === "quote") return "> ";
    if (mark.type === "link") return mark.bare ? "<" : "[";
    return SIGNS[mark.type] ?? "";
  },
  close(mark) {
    if (mark.type === "link") return mark.bare ? ">" : `](<${safe(mark.url)}>)`;
    return SIGNS[mark.type] ?? "";
  },
  text(text, marks) {
    const shown = markup(text, marks);
    return marks.some(({ type }) => type === "quote") ? shown.replaceAll("\n", "\n> ") : shown;
  },
};

/** Markdown as messages in Discord's own, each at most 2,000 UTF-16 units, and as plain text. */
export function render(markdown: string): Part[] {
  return split(spansOf(parse(markdown), ["http", "https"]), { limit: TEXT, parts: PARTS, encode });
}

function encode(spans: Span[]): Part {
  return { body: write(spans, MARKDOWN), plain: write(spans, PLAIN) };
}

function markup(text: string, marks: readonly Mark[]): string {
  const inner = marks.at(-1);
  if (inner?.type === "pre") return fenced(text, inner.lang);
  if (inner?.type === "code") return code(text);
  const link = marks.find((mark) => mark.type === "link");
  return link?.bare ? safe(link.url) : literal(text);
}

/** Three backticks inside a block would end it: an invisible joint keeps them apart. */
function fenced(text: string, lang = ""): string {
  return `\`\`\`${lang}\n${text.replace(/`(?=``)/g, "`\u200b")}\n\`\`\``;
}

/** A fence longer than any run of backticks in it. */
function code(text: string): string {
  const longest = Math.max(0, ...(text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = "`".repeat(longest + 1);
  const pad = longest > 0 ? " " : "";
  return `${fence}${pad}${text}${pad}${fence}`;
}

/** Nothing of a text becomes markup, a mention or a heading. */
function literal(text: string): string {
  return text
    .replace(/[\\*_~|`[\]]|<(?=[@#:/]|[at]:|id:|https?:)/g, "\\$&")
    .replace(/^([^\S\n]*)(#{1,3}(?=\s)|-#(?=\s)|[-+](?=\s)|>)/gm, "$1\\$2");
}

/** An address that ends neither its brackets nor its line. */
function safe(url: string): string {
  return url.replace(/[\s<>()]/g, (character) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
