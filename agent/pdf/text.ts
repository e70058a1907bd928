import { Buffer } from "node:buffer";
import { Content } from "./content.ts";
import { type Page, PdfDocument } from "./document.ts";
import { Layout } from "./layout.ts";
import { isStream } from "./objects.ts";

/** Characters of all pages together. */
const LONGEST = 500_000;

/**
 * The text of a PDF, page by page. What it reads and what not: docs/decisions/0011-text-of-pdfs.md.
 * @returns `problem`, a sentence, where there is no text to read; `cut` where it ends before the last page
 */
export async function pdfText(
  bytes: Uint8Array,
): Promise<{ text: string; cut?: true } | { problem: string }> {
  const document = PdfDocument.read(bytes);
  if (document.encrypted)
    return { problem: "This PDF is locked; ask for a copy without a password or restrictions." };
  const pages = document.pages();
  if (pages.length === 0) return { problem: "This PDF is broken: it has no pages that can be found." };
  const texts: string[] = [];
  let length = 0;
  for (const [index, page] of pages.entries()) {
    // Others' messages come in between two pages.
    await new Promise((done) => setTimeout(done));
    const text = textOf(document, page);
    length += text.length;
    if (text) texts.push(pages.length > 1 ? `[page ${index + 1}]\n${text}` : text);
    if (length > LONGEST) return { text: texts.join("\n\n"), cut: true };
  }
  if (texts.length > 0) return { text: texts.join("\n\n") };
  const count = pages.length === 1 ? "its page holds" : `its ${pages.length} pages hold`;
  return { problem: `This PDF has no text: ${count} pictures only, or letters without a meaning.` };
}

function textOf(document: PdfDocument, { dict, resources }: Page): string {
  const contents = document.resolve(dict.get("Contents"));
  const streams = (Array.isArray(contents) ? contents : [contents]).map(document.resolve).filter(isStream);
  const newline = Uint8Array.of(10);
  const chunks: Uint8Array[] = [];
  for (const stream of streams) chunks.push(document.decode(stream) ?? newline, newline);
  const layout = new Layout();
  new Content(document, layout).run(Buffer.concat(chunks), resources);
  return layout.text();
}
