import * as z from "zod";
import { describeFileError } from "../notebook.ts";
import { writeAndSettle } from "./settle.ts";
import { defineTool, ToolError } from "./tool.ts";

export const writeFile = defineTool({
  name: "write_file",
  description: "Create or replace a whole file.",
  schema: z.object({ path: z.string(), content: z.string() }),
  risk: "idempotent",
  async run({ path, content }, context) {
    const result = `Wrote ${new TextEncoder().encode(content).length} bytes to ${path}.`;
    const written = await writeAndSettle(context, [{ path, content }], result);
    if (!written.ok) throw new ToolError(describeFileError(written));
    return result;
  },
});
