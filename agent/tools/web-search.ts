import * as z from "zod";
import { GateError } from "../web/gate-error.ts";
import { type Found, SearchError } from "../web/search.ts";
import { defineTool, ToolError, UNTOLD } from "./tool.ts";

/** Brave gives no more at once. Bounds in the schema would go with every request. */
const MOST = 20;

export const webSearch = defineTool({
  name: "web_search",
  description: "Search the web.",
  schema: z.object({ query: z.string().min(1), count: z.number().optional().meta(UNTOLD) }),
  risk: "read",
  // It carries nothing out: it goes to the search service that the owner chose, and no text can name another.
  async run({ query, count = 5 }, { web }) {
    try {
      const found = await web.search(query, Math.min(MOST, Math.max(1, Math.trunc(count))));
      return found.length > 0 ? found.map(entry).join("\n") : "Nothing found. Try other or fewer words.";
    } catch (error) {
      const isTold = error instanceof SearchError || error instanceof GateError;
      throw isTold ? new ToolError(error.message) : error;
    }
  },
});

function entry({ title, url, snippet }: Found, index: number): string {
  return `${index + 1}. ${title}\n   ${url}${snippet ? `\n   ${snippet}` : ""}`;
}
