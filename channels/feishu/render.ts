import type { Part } from "../channel.ts";
import { parse } from "../markdown.ts";
import { isPre, type Mark, PLAIN, type Span, spansOf, write } from "../spans.ts";
import { split } from "../split.ts";

/**
 * Rich text may be 30 KB as a request: a unit of our text is at most 3 bytes of it.
 * https://open.feishu.cn/document/server-docs/im-v1/message/create
 */
export const TEXT = 9000;
export const PARTS = 10;

/** An element of rich text. https://open.feishu.cn/document/server-docs/im-v1/message-content-description/create_json */
type Element =
  | { tag: "text"; text: string; style?: string[] }
  | { tag: "a"; text: string; href: string; style?: string[] }
  | { tag: "code_block"; language?: string; text: string };

const STYLES: Partial<Record<Mark["type"], string>> = {
  bold: "bold",
  italic: "italic",
  underline: "underline",
  strike: "lineThrough",
};

const LANGUAGES: Record<string, string> = { js: "javascript", ts: "typescript", py: "python", sh: "shell" };
const KNOWN = new Set(
  "python c cpp go java kotlin swift php ruby rust javascript typescript bash shell sql json xml yaml html".split(
    " ",
  ),
);

/** Markdown as rich text (`post`), each part small enough for Feishu, and as plain text. */
export function render(markdown: string): Part[] {
  return split(spansOf(parse(markdown), ["http", "https"]), { limit: TEXT, parts: PARTS, encode });
}

/** Plain text as rich text without any style. */
export function plainPost(plain: string): string {
  return postOf(plain.split("\n").map((text) => [{ tag: "text", text: harmless(text) || " " }]));
}

/** Text that mentions nobody: Feishu reads `<at user_id="all">` in what a bot writes. */
export function harmless(text: string): string {
  return text.replace(/<(?=\/?at\b)/gi, "<\u200b");
}

function encode(spans: Span[]): Part {
  return { body: postOf(linesOf(spans)), plain: write(spans, PLAIN) };
}

function postOf(content: Element[][]): string {
  return JSON.stringify({ zh_cn: { content } });
}

function linesOf(spans: Span[]): Element[][] {
  const lines: Element[][] = [[]];
  for (const span of spans) {
    if (isPre(span)) lines.push([codeOf(span)], []);
    else addText(lines, span);
  }
  return tidy(lines);
}

function addText(lines: Element[][], { text, marks }: Span): void {
  text.split("\n").forEach((piece, i) => {
    if (i > 0) lines.push([]);
    if (piece === "") return;
    const line = lines.at(-1)!;
    if (line.length === 0 && has(marks, "quote")) line.push({ tag: "text", text: "┃ " });
    line.push(elementOf(piece, marks));
  });
}

function elementOf(piece: string, marks: readonly Mark[]): Element {
  const styles = marks.flatMap(({ type }) => STYLES[type] ?? []);
  const style = styles.length > 0 ? { style: styles } : {};
  const text = harmless(has(marks, "code") ? `\`${piece}\`` : piece);
  const link = marks.find((mark) => mark.type === "link");
  return link ? { tag: "a", text, href: link.url, ...style } : { tag: "text", text, ...style };
}

function codeOf({ text, marks }: Span): Element {
  const lang = marks.find((mark) => mark.type === "pre")?.lang?.toLowerCase() ?? "";
  const language = LANGUAGES[lang] ?? lang;
  return { tag: "code_block", ...(KNOWN.has(language) ? { language: language.toUpperCase() } : {}), text };
}

function has(marks: readonly Mark[], type: Mark["type"]): boolean {
  return marks.some((mark) => mark.type === type);
}

/** A code block stands for itself: no empty line before or behind it, nor at the ends. */
function tidy(lines: Element[][]): Element[][] {
  const kept: Element[][] = [];
  for (const line of [...lines, undefined]) {
    if (line === undefined || isCode(line)) while (kept.at(-1)?.length === 0) kept.pop();
    if (line && (line.length > 0 || (kept.length > 0 && !isCode(kept.at(-1)!)))) kept.push(line);
  }
  return kept.map((line) => (line.length > 0 ? line : [{ tag: "text", text: " " }]));
}

function isCode(line: Element[]): boolean {
  return line[0]?.tag === "code_block";
}
