import * as z from "zod";
import { findMemory, isRemembered, shortName } from "../memory.ts";
import { describeFileError } from "../notebook.ts";
import { defineTool, ToolError } from "./tool.ts";

/** Characters of one answer. */
const MOST = 20_000;

export const readMemory = defineTool({
  name: "read_memory",
  description: "What this chat remembers: its memory files and the global ones, or the text of one.",
  schema: z.object({ file: z.string().optional().describe("e.g. MEMORY.md; without it, their names") }),
  right: { kind: "mcp", verb: "memory" },
  risk: "read",
  async run({ file }, { notebook }) {
    const paths = notebook
      .list("/workspace")
      .map(({ path }) => path)
      .filter(isRemembered);
    if (file === undefined) return paths.map(shortName).join("\n") || "There are no memory files yet.";
    const path = findMemory(file, paths);
    if (!path) throw new ToolError(`There is no memory file "${file.slice(0, 80)}".`);
    const read = await notebook.read(path);
    if (!read.ok) throw new ToolError(describeFileError(read));
    return read.text.length > MOST ? `${read.text.slice(0, MOST).toWellFormed()}\n[cut here]` : read.text;
  },
});
