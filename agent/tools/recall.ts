import { z } from "zod";
import { defineTool } from "./tool.ts";

const MOST = 10;
const LENGTH = 500;

export const recall = defineTool({
  name: "recall",
  description: "Search this chat's whole history and memory files for words.",
  schema: z.object({ query: z.string().min(1) }),
  risk: "read",
  touches: ["private"],
  async run({ query }, { recall: search, timezone }) {
    const hits = search(query, MOST);
    if (hits.length === 0) return "Nothing found. Try other or fewer words.";
    return hits
      .map(
        ({ at, who, text, source }) =>
          `${at ? `[${time(at, timezone)}] ${who}` : source}: ${text.slice(0, LENGTH)}`,
      )
      .join("\n");
  },
});

function time(at: number, timeZone: string): string {
  return new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short", timeZone }).format(at);
}
