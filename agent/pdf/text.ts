import { Buffer } from "node:buffer";
import { Budget, BudgetSpent } from "./budget.ts";
import { Content } from "./content.ts";
import { type Page, PdfDocument } from "./document.ts";
import type { Font } from "./fonts.ts";
import { Layout } from "./layout.ts";
import { type Dict, isStream } from "./objects.ts";

/** Characters of all pages together. */
const LONGEST = 500_000;
/** What all pages together may cost: bytes of their contents, and values and letters in them. */
const BYTES = 24 * 1024 * 1024;
const VALUES = 4_000_000;
/** What a page costs beside its contents. */
const PAGE = 500;

/**
 * The text of a PDF, page by page. What it reads and what not: docs/decisions/0011-text-of-pdfs.md.
 * @returns `problem`, a sentence, where there is no text to read; `cut` where it ends before the last page
 */
export async function pdfText(
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<{ text: string; cut?: true } | { problem: string }> {
  const document = await PdfDocument.read(bytes, signal);
  if (document.encrypted)
    return { problem: "This PDF is locked; ask for a copy without a password or restrictions." };
  const pages = document.pages();
  if (pages.length === 0) return { problem: document.isCut ? TOO_MUCH : NO_PAGES };
  const budget = new Budget(BYTES, VALUES, signal);
  const fonts = new Map<Dict, Font>();
  const texts: string[] = [];
  let length = 0;
  for (const [index, page] of pages.entries()) {
    const text = await textOf(document, page, budget, fonts);
    length += text.length;
    if (text) texts.push(pages.length > 1 ? `[page ${index + 1}]\n${text}` : text);
    if (budget.isSpent && texts.length === 0) return { problem: TOO_MUCH };
    if (budget.isSpent || length > LONGEST) return { text: texts.join("\n\n"), cut: true };
  }
  if (texts.length > 0) return { text: texts.join("\n\n"), ...(document.isCut ? { cut: true } : {}) };
  const count = pages.length === 1 ? "its page holds" : `its ${pages.length} pages hold`;
  return { problem: `This PDF has no text: ${count} pictures only, or letters without a meaning.` };
}

const NO_PAGES = "This PDF is broken: it has no pages that can be found.";
const TOO_MUCH = "This PDF unfolds to more than can be read here.";

/** A page's text, as far as the budget goes. */
async function textOf(
  document: PdfDocument,
  { dict, resources }: Page,
  budget: Budget,
  fonts: Map<Dict, Font>,
): Promise<string> {
  const layout = new Layout(LONGEST);
  try {
    budget.takeValues(PAGE);
    const contents = document.resolve(dict.get("Contents"));
    const streams = (Array.isArray(contents) ? contents : [contents]).map(document.resolve).filter(isStream);
    const newline = Uint8Array.of(10);
    const chunks: Uint8Array[] = [];
    for (const stream of streams) chunks.push(document.decode(stream, budget) ?? newline, newline);
    await new Content(document, layout, budget, fonts).run(Buffer.concat(chunks), resources);
  } catch (error) {
    if (!(error instanceof BudgetSpent)) throw error;
  }
  return layout.text();
}
