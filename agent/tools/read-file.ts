import * as z from "zod";
import { describeFileError } from "../notebook.ts";
import { defineTool, ToolError } from "./tool.ts";

/** Characters of one answer. */
const MOST = 20_000;
const LINES = 1_000;

export const readFile = defineTool({
  name: "read_file",
  description: "Read a text file.",
  schema: z.object({
    path: z.string(),
    offset: z.int().min(1).optional().describe("first line, from 1"),
    limit: z.int().min(1).optional().describe("lines"),
  }),
  risk: "read",
  async run({ path, offset = 1, limit = LINES }, { notebook }) {
    const file = await notebook.read(path);
    if (!file.ok) throw new ToolError(describeFileError(file));
    if (file.text === "") return "(empty file)";
    const lines = file.text.replace(/\n$/, "").split("\n");
    if (offset > lines.length)
      throw new ToolError(`The file has ${lines.length} lines; offset ${offset} is behind its end.`);
    return page(lines, offset, limit);
  },
});

/** As many whole lines as fit, and how to read on. */
function page(lines: string[], offset: number, limit: number): string {
  const wanted = lines.slice(offset - 1, offset - 1 + limit);
  const shown: string[] = [];
  let room = MOST;
  for (const line of wanted) {
    if (line.length + 1 > room) break;
    shown.push(line);
    room -= line.length + 1;
  }
  if (shown.length === 0) return longLine(wanted[0]!, offset);
  const last = offset + shown.length - 1;
  if (last === lines.length) return shown.join("\n");
  return `${shown.join("\n")}\n[lines ${offset}-${last} of ${lines.length}; read on with offset ${last + 1}]`;
}

function longLine(line: string, number: number): string {
  const notice = `[line ${number} has ${line.length} characters, cut here; use bash, e.g. cut -c, for the rest, or offset ${number + 1}]`;
  return `${line.slice(0, MOST).replace(/[\uD800-\uDBFF]$/, "")}\n${notice}`;
}
