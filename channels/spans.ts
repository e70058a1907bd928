import { addressOfLink, type Document, type Node, safeUrl, written } from "./markdown.ts";

/** A way in which text is shown. Two spans with the same mark object are inside the same tag. */
export type Mark =
  | { type: "bold" | "italic" | "underline" | "strike" | "spoiler" | "code" | "quote" }
  | { type: "pre"; lang?: string }
  /** `bare`: the text is the address itself. */
  | { type: "link"; url: string; bare: boolean };

/** Text with its marks, outermost first. A document as spans can be cut anywhere. */
export interface Span {
  text: string;
  marks: readonly Mark[];
}

/** How a platform writes spans. `close` and `open` give markup, `text` escapes what stands inside these marks. */
export interface Syntax {
  open(mark: Mark): string;
  close(mark: Mark): string;
  text(text: string, marks: readonly Mark[]): string;
}

/** Spans without markup; a link's address follows its text in brackets. */
export const PLAIN: Syntax = {
  open: () => "",
  close: (mark) => (mark.type === "link" && !mark.bare ? ` (${mark.url})` : ""),
  text: (text) => text,
};

/** Writes spans in a syntax. Every mark that is opened is closed, in order. */
export function write(spans: readonly Span[], syntax: Syntax): string {
  let out = "";
  let open: readonly Mark[] = [];
  for (const { text, marks } of [...spans, { text: "", marks: [] }]) {
    let same = 0;
    while (same < open.length && open[same] === marks[same]) same++;
    for (const mark of open.slice(same).reverse()) out += syntax.close(mark);
    for (const mark of marks.slice(same)) out += syntax.open(mark);
    out += syntax.text(text, marks);
    open = marks;
  }
  return out;
}

/** Flattens a document for platforms that know marks but no lists, tables or headings. */
export function spansOf(doc: Document, schemes?: string[]): Span[] {
  const context: Context = { doc, schemes, marks: [] };
  const spans = blocks(doc.children, context, "\n\n").filter((span) => span.text !== "");
  // Text of which markdown shows nothing, such as an empty code block, is shown as it was written.
  return spans.some((span) => span.text.trim()) ? spans : [{ text: doc.source, marks: [] }];
}

interface Context {
  doc: Document;
  schemes?: string[];
  marks: readonly Mark[];
}

function blocks(nodes: readonly Node[], at: Context, gap: string): Span[] {
  const shown = nodes.map((node) => block(node, at)).filter((spans) => spans.length > 0);
  return shown.flatMap((spans, i) => (i === 0 ? spans : [{ text: gap, marks: at.marks }, ...spans]));
}

function block(node: Node, at: Context): Span[] {
  switch (node.type) {
    case "heading":
      return inline(node.children, within(at, { type: "bold" }));
    case "blockquote":
      return blocks(node.children, within(at, { type: "quote" }), "\n\n");
    case "list":
      return list(node, at);
    case "code":
      return [{ text: node.value, marks: [...quotes(at), { type: "pre", lang: language(node.lang) }] }];
    case "table":
      return [{ text: table(node, at), marks: [...quotes(at), { type: "pre" }] }];
    case "thematicBreak":
      return [{ text: "———", marks: at.marks }];
    case "definition":
      return at.doc.used.has(node.identifier) ? [] : [{ text: written(node, at.doc), marks: at.marks }];
    case "footnoteDefinition":
      return [{ text: `[${node.identifier}] `, marks: at.marks }, ...blocks(node.children, at, "\n")];
    case "paragraph":
      return inline(node.children, at);
    default:
      return inline([node], at);
  }
}

function list(node: Extract<Node, { type: "list" }>, at: Context): Span[] {
  return node.children.flatMap((item, i) => {
    const number = node.ordered ? `${(node.start ?? 1) + i}. ` : "• ";
    const box = item.checked == null ? "" : item.checked ? "☑ " : "☐ ";
    const lead = { text: `${i > 0 ? "\n" : ""}${number}${box}`, marks: at.marks };
    return [lead, ...indent(blocks(item.children, at, "\n"))];
  });
}

/** Two spaces after each line break, but none in or right before preformatted text. */
function indent(spans: Span[]): Span[] {
  return spans.map((span, i) => {
    if (isPre(span)) return span;
    const next = spans[i + 1];
    const text = span.text.replace(/\n(?!\n|$)/g, "\n  ");
    return { ...span, text: text.endsWith("\n") && next && !isPre(next) ? `${text}  ` : text };
  });
}

/** Cells in columns. Wide columns are not padded, so that one long cell does not stretch every row. */
function table(node: Extract<Node, { type: "table" }>, at: Context): string {
  const rows = node.children.map((row) =>
    row.children.map((cell) =>
      write(inline(cell.children, { ...at, marks: [] }), PLAIN)
        .replace(/\s+/g, " ")
        .trim(),
    ),
  );
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, Math.min(cell.length, 24));
    });
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join(" | ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "-".repeat(Math.max(width, 1))).join("-|-");
  return [lines[0], rule, ...lines.slice(1)].join("\n");
}

function inline(nodes: readonly Node[], at: Context): Span[] {
  return nodes.flatMap((node) => phrase(node, at));
}

function phrase(node: Node, at: Context): Span[] {
  switch (node.type) {
    case "text":
    case "html":
      return [{ text: node.value, marks: at.marks }];
    case "break":
      return [{ text: "\n", marks: at.marks }];
    case "strong":
      return inline(node.children, within(at, { type: "bold" }));
    case "emphasis":
      return inline(node.children, within(at, { type: "italic" }));
    case "delete":
      return inline(node.children, within(at, { type: "strike" }));
    case "underline":
    case "spoiler":
      return inline(node.children, within(at, { type: node.type }));
    case "inlineCode":
      return [{ text: node.value, marks: codeMarks(at) }];
    case "link":
    case "linkReference":
      return link(inline(node.children, at), node, at);
    case "image":
    case "imageReference":
      return link([{ text: node.alt ?? "", marks: at.marks }], node, at);
    case "footnoteReference":
      return [{ text: `[${node.identifier}]`, marks: at.marks }];
    default:
      return "children" in node
        ? inline(node.children as Node[], at)
        : [{ text: written(node, at.doc), marks: at.marks }];
  }
}

/** A link where the address is harmless; elsewhere the text with the address in brackets. */
function link(shown: Span[], node: Node, at: Context): Span[] {
  const url = addressOfLink(node, at.doc) ?? "";
  const text = shown.map((span) => span.text).join("");
  const safe = safeUrl(url, at.schemes);
  if (at.marks.some((mark) => mark.type === "link")) return shown;
  if (!safe) return url && url !== text ? [...shown, { text: ` (${url})`, marks: at.marks }] : shown;
  const bare = text === "" || text === url || `mailto:${text}` === url || `http://${text}` === url;
  const mark: Mark = { type: "link", url: safe, bare };
  if (text === "") return [{ text: url, marks: [...at.marks, mark] }];
  // Text in a link is not code as well: platforms allow no other mark together with code.
  return shown.map((span) => ({
    text: span.text,
    marks: [...span.marks.filter((m) => m.type !== "code"), mark],
  }));
}

function within(at: Context, mark: Mark): Context {
  return at.marks.some((other) => other.type === mark.type) ? at : { ...at, marks: [...at.marks, mark] };
}

function codeMarks(at: Context): Mark[] {
  return [...quotes(at), { type: "code" }];
}

function quotes(at: Context): Mark[] {
  return at.marks.filter((mark) => mark.type === "quote");
}

/** Whether a span is a code block or a table. */
export function isPre(span: Span): boolean {
  return span.marks.some((mark) => mark.type === "pre");
}

function language(lang: string | null | undefined): string | undefined {
  return lang && /^[\w+#.-]{1,40}$/.test(lang) ? lang : undefined;
}
