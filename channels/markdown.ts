import type { Definition, Nodes, Root, RootContent } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";

/** What models write as HTML although markdown has no word for it. */
interface Underline {
  type: "underline";
  children: RootContent[];
}
interface Spoiler {
  type: "spoiler";
  children: RootContent[];
}

/** A node of our tree: mdast, plus underline and spoiler. */
export type Node = Nodes | Underline | Spoiler;

/** A parsed text. */
export interface Document {
  source: string;
  children: Node[];
  /** Link definitions by mdast's normalised identifier. */
  definitions: Map<string, Definition>;
  /** Identifiers that a link or image refers to. */
  used: Set<string>;
}

/** Deeper nesting is shown as the text that it was written as, so that no input can exhaust the stack. */
const MAX_DEPTH = 24;

const PAIRED: Record<string, string> = {
  b: "strong",
  strong: "strong",
  i: "emphasis",
  em: "emphasis",
  s: "delete",
  del: "delete",
  strike: "delete",
  u: "underline",
  ins: "underline",
  "tg-spoiler": "spoiler",
};

/**
 * Parses CommonMark with GFM. Inline `<b>`, `<i>`, `<s>`, `<u>`, `<tg-spoiler>` pairs and `<br>` become nodes;
 * every other HTML stays text. Never throws; lone surrogates become U+FFFD.
 */
export function parse(markdown: string): Document {
  const source = markdown.toWellFormed();
  const doc: Document = { source, children: [], definitions: new Map(), used: new Set() };
  doc.children = tidy(tree(source), 0, doc);
  return doc;
}

/** The node's text as it was written. */
export function written(node: Node, doc: Document): string {
  const { start, end } = (node as RootContent).position ?? {};
  return doc.source.slice(start?.offset ?? 0, end?.offset ?? 0);
}

/** The address that a link, image or reference points to; undefined when its definition is missing. */
export function addressOfLink(node: Node, doc: Document): string | undefined {
  if ("url" in node) return node.url;
  return "identifier" in node ? doc.definitions.get(node.identifier)?.url : undefined;
}

/**
 * The same address if a chat may make it clickable: absolute, of a harmless scheme and at most 1,000 characters.
 */
export function safeUrl(url: string, schemes = ["http", "https", "mailto", "tel"]): string | undefined {
  const scheme = /^([a-z][a-z0-9+.-]*):[^\s]/i.exec(url)?.[1]?.toLowerCase();
  if (!scheme || !schemes.includes(scheme) || url.length > 1000) return undefined;
  return URL.canParse(url) ? url : undefined;
}

function tree(source: string): Root {
  const unparsed: Root = {
    type: "root",
    children: [{ type: "paragraph", children: [{ type: "text", value: source }] }],
  };
  if (isHostile(source)) return unparsed;
  try {
    // A single tilde is a path (~/notes) far more often than a strike-through.
    return fromMarkdown(source, {
      extensions: [gfm({ singleTilde: false })],
      mdastExtensions: [gfmFromMarkdown()],
    });
  } catch {
    return unparsed;
  }
}

/** Thousands of markers in one block take the parser minutes (it is quadratic in them); no person writes that. */
function isHostile(source: string): boolean {
  const crowded = source.split(/\n[ \t]*\n/).some((block) => (block.match(/[*_~[<]/g)?.length ?? 0) > 4000);
  return crowded || /^(?:[ \t]*(?:[>*+-]|\d+[.)])){60}/m.test(source);
}

const FLOW = ["root", "blockquote", "listItem", "footnoteDefinition"];
/** Their children are of one kind and cannot be replaced. */
const RIGID = ["list", "table", "tableRow"];

function tidy(parent: Parent, depth: number, doc: Document): Node[] {
  const flow = FLOW.includes(parent.type);
  return (flow ? parent.children : pairs(parent.children)).map((node) => {
    if (node.type === "definition" && !doc.definitions.has(node.identifier))
      doc.definitions.set(node.identifier, node);
    if (node.type === "linkReference" || node.type === "imageReference") doc.used.add(node.identifier);
    if (node.type === "html" && flow) return paragraph(node.value, node);
    if (!("children" in node)) return node;
    if (depth >= MAX_DEPTH && !RIGID.includes(parent.type))
      return flow ? paragraph(written(node, doc), node) : literal(written(node, doc), node);
    return { ...node, children: tidy(node as Parent, depth + 1, doc) } as Node;
  });
}

interface Parent {
  type: string;
  children: Node[];
}

function literal(value: string, from: Node): Node {
  return { type: "text", value, position: (from as RootContent).position };
}

function paragraph(value: string, from: Node): Node {
  return { ...literal(value, from), type: "paragraph", children: [{ type: "text", value }] } as Node;
}

/** Joins `<b>`, text, `</b>` among siblings to one node; what has no partner stays. */
function pairs(nodes: readonly Node[]): Node[] {
  const out: Node[] = [];
  const closers = closingTags(nodes);
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    const tag =
      node.type === "html" ? /^<([a-z-]+)\s*\/?>$/i.exec(node.value)?.[1]?.toLowerCase() : undefined;
    const end = closers.get(tag ?? "")?.find((at) => at > i);
    if (tag === "br") out.push({ type: "break" });
    else if (tag && end !== undefined && PAIRED[tag]) {
      out.push({ type: PAIRED[tag], children: nodes.slice(i + 1, end) } as Node);
      i = end;
    } else out.push(node);
  }
  return out;
}

function closingTags(nodes: readonly Node[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  nodes.forEach((node, i) => {
    const tag = node.type === "html" ? /^<\/([a-z-]+)\s*>$/i.exec(node.value)?.[1]?.toLowerCase() : undefined;
    if (tag) found.set(tag, [...(found.get(tag) ?? []), i]);
  });
  return found;
}
