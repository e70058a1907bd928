import * as z from "zod";
import { isSpent, isTired, RE2JS, rest } from "#re2";
import { search } from "../file-search.ts";
import { describeFileError, type FileInfo, type Found, type Pattern } from "../notebook.ts";
import { resolvePath } from "../paths.ts";
import { defineTool, ToolError } from "./tool.ts";

const MOST = 100;
const LINE = 300;

export const grep = defineTool({
  name: "grep",
  description: "Search text files by regular expression (RE2 syntax).",
  schema: z.object({
    pattern: z.string().min(1).max(1000),
    path: z.string().default("."),
    ignore_case: z.boolean().default(false),
  }),
  risk: "read",
  async run({ pattern, path, ignore_case: ignoreCase }, { notebook }) {
    const place = resolvePath(path);
    if (!place.ok) throw new ToolError(describeFileError(place));
    await rest();
    const expression = compile(pattern, ignoreCase);
    const file = await notebook.read(place.absolute);
    const found = file.ok
      ? { matches: await search(only(file), expression, place.absolute, MOST + 1), unread: 0 }
      : await notebook.search(expression, place.absolute, MOST + 1);
    return [shown(found, place.absolute), unread(found)].filter(Boolean).join("\n");
  },
});

function shown({ matches }: Found, folder: string): string {
  if (matches.length === 0) return `No line under ${folder} matches.`;
  const lines = matches.slice(0, MOST).map((hit) => `${hit.path}:${hit.line}: ${hit.text.slice(0, LINE)}`);
  const more = `[more than ${MOST} lines match; narrow the pattern or the path]`;
  return [...lines, ...(matches.length > MOST ? [more] : [])].join("\n");
}

function unread({ unread }: Found): string {
  return unread === 0 ? "" : `[${unread} files were not searched yet; search again, or in a smaller folder]`;
}

const only = ({ info, text }: { info: FileInfo; text: string }) => ({ list: () => [info], text: () => text });

/**
 * RE2 takes time in proportion to the text and the pattern together, and counts it here: others have their turn between
 * lines, and what takes too long in a single one is refused.
 */
function compile(pattern: string, ignoreCase: boolean): Pattern {
  try {
    const compiled = RE2JS.compile(pattern, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);
    return { test: (line) => isIn(compiled, line), rest: async () => (isTired() ? rest() : undefined) };
  } catch (error) {
    if (isSpent(error)) throw new ToolError("The pattern is too large. Make it shorter.");
    throw new ToolError(
      `The pattern is not valid RE2: ${error instanceof Error ? error.message : error}. It knows no look-around and no back-references.`,
    );
  }
}

function isIn(pattern: RE2JS, line: string): boolean {
  try {
    return pattern.matcher(line).find();
  } catch (error) {
    if (!isSpent(error)) throw error;
    throw new ToolError(
      `This pattern takes too long in a line of ${line.length} characters. Make it simpler: fewer repeats of repeats.`,
    );
  }
}
