import { escapeHtml } from "../html.ts";
import { addressOfLink, type Document, type Node, parse, safeUrl, written } from "../markdown.ts";

/**
 * Markdown as HTML for the console. Everything that comes from the text is escaped, raw HTML is shown as text,
 * links are absolute and of harmless schemes, images are links: a page that loaded them would tell who reads it.
 */
export function toHtml(markdown: string): string {
  const doc = parse(markdown);
  return all(doc.children, doc) || (markdown.trim() ? element("p", escapeHtml(doc.source)) : "");
}

type Of<T extends Node["type"]> = Extract<Node, { type: T }>;

function all(nodes: readonly Node[], doc: Document): string {
  return nodes.map((node) => html(node, doc)).join("");
}

function html(node: Node, doc: Document): string {
  switch (node.type) {
    case "text":
    case "html":
      // People and models who write in a chat mean the ends of their lines.
      return escapeHtml(node.value).replaceAll("\n", "<br>");
    case "break":
      return "<br>";
    case "thematicBreak":
      return "<hr>";
    case "inlineCode":
      return element("code", escapeHtml(node.value));
    case "code":
      return code(node);
    case "link":
    case "linkReference":
      return link(all(node.children, doc), node, doc);
    case "image":
    case "imageReference":
      return link(escapeHtml(node.alt ?? ""), node, doc);
    case "list":
      return list(node, doc);
    case "table":
      return table(node, doc);
    case "definition":
      return doc.used.has(node.identifier) ? "" : element("p", escapeHtml(written(node, doc)));
    case "footnoteReference":
      return element("sup", `[${escapeHtml(node.identifier)}]`);
    case "footnoteDefinition":
      return `${element("sup", `[${escapeHtml(node.identifier)}]`)} ${all(node.children, doc)}`;
    default:
      return "children" in node
        ? element(tagOf(node), all(node.children as Node[], doc))
        : escapeHtml(written(node, doc));
  }
}

function tagOf(node: Node): string {
  switch (node.type) {
    case "heading":
      // The page has its own first two levels.
      return `h${Math.min(node.depth + 2, 6)}`;
    case "blockquote":
      return "blockquote";
    case "strong":
      return "strong";
    case "emphasis":
      return "em";
    case "delete":
      return "del";
    case "underline":
      return "u";
    case "spoiler":
      return "mark";
    default:
      return "p";
  }
}

function element(tag: string, content: string): string {
  return `<${tag}>${content}</${tag}>`;
}

/** What may scroll sideways takes the keyboard's focus, so that it can be scrolled without a mouse. */
function code(node: Of<"code">): string {
  const lang = node.lang ? ` class="language-${escapeHtml(node.lang)}"` : "";
  return `<pre tabindex="0"><code${lang}>${escapeHtml(node.value)}</code></pre>`;
}

function link(text: string, node: Node, doc: Document): string {
  const url = addressOfLink(node, doc) ?? "";
  const safe = safeUrl(url);
  const shown = text || escapeHtml(url);
  if (safe) return `<a href="${escapeHtml(safe)}" target="_blank" rel="noopener noreferrer">${shown}</a>`;
  return url && shown !== escapeHtml(url) ? `${shown} (${escapeHtml(url)})` : shown;
}

function list(node: Of<"list">, doc: Document): string {
  const items = node.children.map((item) => {
    const box = item.checked == null ? "" : item.checked ? "☑ " : "☐ ";
    // Items of a tight list are lines, not paragraphs.
    const tight = !item.spread && !node.spread;
    const content = item.children.map((child) =>
      tight && child.type === "paragraph" ? all(child.children, doc) : html(child, doc),
    );
    return element("li", box + content.join("\n"));
  });
  if (!node.ordered) return element("ul", items.join(""));
  const start = node.start != null && node.start !== 1 ? ` start="${node.start}"` : "";
  return `<ol${start}>${items.join("")}</ol>`;
}

function table(node: Of<"table">, doc: Document): string {
  const [head, ...body] = node.children.map((row, i) =>
    element(
      "tr",
      row.children.map((cell) => element(i === 0 ? "th" : "td", all(cell.children, doc))).join(""),
    ),
  );
  const rows = element("thead", head ?? "") + (body.length > 0 ? element("tbody", body.join("")) : "");
  return `<div class="table" tabindex="0">${element("table", rows)}</div>`;
}
