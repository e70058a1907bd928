import * as z from "zod";
import { linesOf } from "../catch-up.ts";
import { plainName } from "../names.ts";
import { defineTool, type Recalled } from "./tool.ts";

const MOST = 10;
const LENGTH = 500;

export const recall = defineTool({
  name: "recall",
  description: "Search this chat's whole history and memory files for words.",
  schema: z.object({ query: z.string().min(1) }),
  risk: "read",
  async run({ query }, { recall: search, timezone }) {
    const hits = search(query, MOST);
    if (hits.length === 0) return "Nothing found. Try other or fewer words.";
    return hits.map((hit) => lineOf(hit, timezone)).join("\n");
  },
});

/** A hit as one entry: no text and no name in it can pass for another. */
function lineOf({ at, who, text, source, outside }: Recalled, timezone: string): string {
  const label = outside ? ", outside" : "";
  const head = at ? `[${time(at, timezone)}${label}] ${plainName(who)}` : `${source}${label}`;
  return `${head}: ${linesOf(text.slice(0, LENGTH)).join("\n| ")}`;
}

function time(at: number, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short", timeZone });
  return format.format(at).replace(/\s+/gu, " ");
}
