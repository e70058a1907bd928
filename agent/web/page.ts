import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom/worker";
import TurndownService from "turndown";
import { depthOf, roughText, weigh, withoutUnread } from "./markup.ts";
import type { Reading } from "./reading.ts";

// Loaded when the first page is read: parsing these modules is not part of the start-up.

/** What is no text of a page, also where no article is found in it. */
const NO_TEXT = "object, embed, nav, form, button, input, select, dialog, [hidden], [aria-hidden=true]";
/** An article that holds less of the page's text than this is a teaser, not the page. */
const SHARE = 0.2;

/** Beyond these the search for the article, and the tree itself, would hold up the group for more than a moment. */
const SEARCHED = { elements: 3_000, depth: 50 };
const TAKEN_APART = { elements: 8_000, depth: 100 };

interface Element {
  firstElementChild: Element | null;
  nextElementSibling: Element | null;
  parentElement: Element | null;
  textContent: string | null;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  querySelectorAll(selector: string): Iterable<Element>;
  remove(): void;
}

interface Page extends Element {
  title: string;
  body: Element | null;
  head: Element | null;
  documentElement: Element | null;
}

/**
 * A page's article as markdown; the whole of its text where there is none. Links are absolute. Of a page that is very
 * large or deep only the bare text is given.
 */
export function readPage(html: string, address: string): Reading {
  const lean = withoutUnread(html);
  const elements = weigh(lean);
  if (elements > TAKEN_APART.elements) return { text: roughText(lean) };
  const page = open(lean, address);
  const depth = depthOf(page);
  if (depth > TAKEN_APART.depth) return { text: roughText(lean) };
  if (elements > SEARCHED.elements || depth > SEARCHED.depth) return wholeOf(page);
  // The search takes the page apart, so the whole is opened anew.
  return articleOf(page) ?? wholeOf(open(lean, address));
}

function articleOf(page: Page): Reading | undefined {
  const { title } = page;
  const all = lengthOf(page.body);
  const article = new Readability(page as never, { serializer: (node) => node }).parse();
  const content = article?.content as unknown as Element | undefined;
  if (!content || lengthOf(content) < all * SHARE) return undefined;
  return { title: article?.title || title, text: markdownOf(content) };
}

function wholeOf({ title, body }: Page): Reading {
  return { title, text: body ? markdownOf(body) : "" };
}

/** A page without what nobody reads. */
function open(html: string, address: string): Page {
  const page = (parseHTML(framed(html)) as unknown as { document: Page }).document;
  const base = baseOf(page, address);
  for (const element of [...page.querySelectorAll(NO_TEXT)]) element.remove();
  for (const link of page.querySelectorAll("a[href]")) makeAbsolute(link, "href", base);
  for (const image of page.querySelectorAll("img")) makeAbsolute(image, "src", base);
  return page;
}

/** A page may leave out its frame; it gets the one that a browser would give it. */
function framed(html: string): string {
  if (/<html[\s>]/i.test(html)) return html;
  const lower = html.toLowerCase();
  const from = lower.indexOf("<title");
  const end = from < 0 ? -1 : lower.indexOf("</title>", from);
  const to = end < 0 ? from : end + "</title>".length;
  const body = html.slice(0, Math.max(0, from)) + html.slice(Math.max(0, to));
  return `<html><head>${html.slice(from, to)}</head><body>${body}</body></html>`;
}

function baseOf(page: Page, address: string): string {
  const [base] = page.querySelectorAll("base[href]");
  const written = base?.getAttribute("href") ?? "";
  return URL.canParse(written, address) ? new URL(written, address).href : address;
}

function makeAbsolute(element: Element, name: string, base: string): void {
  const written = element.getAttribute(name) ?? "";
  const url = URL.canParse(written, base) ? new URL(written, base) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") element.setAttribute(name, url.href);
  else element.removeAttribute(name);
}

function lengthOf(element: Element | null): number {
  return element?.textContent?.replace(/\s+/g, "").length ?? 0;
}

function markdownOf(element: Element): string {
  const writer = new TurndownService({
    headingStyle: "atx",
    codeBlockStyle: "fenced",
    bulletListMarker: "-",
  });
  writer.addRule("cell", { filter: ["td", "th"], replacement: (text) => `${oneLine(text)} | ` });
  writer.addRule("row", { filter: "tr", replacement: (text) => `| ${text.trim()}\n` });
  writer.addRule("picture", {
    filter: "img",
    replacement: (_, node) => describe(node as unknown as Element),
  });
  return writer
    .turndown(element as never)
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}

/** A picture that says nothing of itself is left out. */
function describe(image: Element): string {
  const alt = oneLine(image.getAttribute("alt") ?? "");
  const source = image.getAttribute("src");
  return alt && source ? `![${alt}](${source})` : "";
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
