import * as z from "zod";
import { GateError } from "../web/gate-error.ts";
import { readAnswer } from "../web/reading.ts";
import { defineTool, ToolError, UNTOLD } from "./tool.ts";

/** Characters of one answer, and of what a server says beside an error. */
const MOST = 20_000;
const MOST_OF_ERROR = 2_000;

export const webFetch = defineTool({
  name: "web_fetch",
  description: "Read a page or PDF.",
  schema: z.object({ url: z.string(), offset: z.number().optional().meta(UNTOLD) }),
  risk: "read",
  carries: () => true,
  async run({ url, offset = 0 }, { web, signal }) {
    try {
      return await shown(await web.get(url), Math.max(0, Math.trunc(offset)), signal);
    } catch (error) {
      throw error instanceof GateError ? new ToolError(error.message) : error;
    }
  },
});

async function shown(response: Response, offset: number, signal: AbortSignal): Promise<string> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  const reading = await readAnswer(bytes, response.headers.get("content-type") ?? "", response.url, signal);
  if (!response.ok) return failed(response, "text" in reading ? reading.text : "");
  if ("problem" in reading) throw new ToolError(`${response.url}: ${reading.problem}`);
  if (reading.text.trim() === "")
    return `${response.url}\n(no text; a page that builds itself by script cannot be read here)`;
  const title = reading.title ? `# ${reading.title.replace(/\s+/g, " ").trim()}\n\n` : "";
  return `${response.url}\n${title}${part(reading.text, offset, reading.cut === true)}`;
}

function failed({ url, status, statusText, headers }: Response, text: string): string {
  const wait = headers.get("retry-after");
  const later = wait ? `; it asks to wait: ${wait.slice(0, 40)}` : "";
  const said = text.trim() ? `\n${clipped(text, 0, MOST_OF_ERROR)}` : "";
  return `${url} answered ${status} ${statusText}`.trim() + later + said;
}

/** As much as fits from here on, and how to read on. */
function part(text: string, offset: number, cut: boolean): string {
  if (offset >= text.length)
    throw new ToolError(`The text has ${text.length} characters; offset ${offset} is behind its end.`);
  const piece = clipped(text, offset, MOST);
  const end = offset + piece.length;
  const rest = cut ? "; it is longer, but no more of it is read" : "";
  if (end < text.length)
    return `${piece}\n[characters ${offset}-${end} of ${text.length}${rest}; read on with offset ${end}]`;
  return cut ? `${piece}\n[the end of what is read of this page; it is longer]` : piece;
}

/** Never half a character. */
function clipped(text: string, offset: number, length: number): string {
  return text.slice(offset, offset + length).replace(/[\uD800-\uDBFF]$/, "");
}
