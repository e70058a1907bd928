import * as z from "zod";
import { describeFileError } from "../notebook.ts";
import { writeAndSettle } from "./settle.ts";
import { defineTool, type ToolContext, ToolError } from "./tool.ts";

/** Someone else may change the file between our look and our write so often. */
const ATTEMPTS = 3;

export const editFile = defineTool({
  name: "edit_file",
  description: "Replace old_text, which must occur exactly once in the file, by new_text.",
  schema: z.object({ path: z.string(), old_text: z.string().min(1), new_text: z.string() }),
  risk: "idempotent",
  async run({ path, old_text: before, new_text: after }, context) {
    for (let attempt = 1; ; attempt++) {
      const result = await edit(context, path, before, after, attempt === ATTEMPTS);
      if (result) return result;
    }
  },
});

/** Undefined: the file changed under our hands, look again. */
async function edit(
  context: ToolContext,
  path: string,
  before: string,
  after: string,
  last: boolean,
): Promise<string | undefined> {
  const file = await context.notebook.read(path);
  if (!file.ok) throw new ToolError(describeFileError(file));
  const at = onlyPlace(file.text, before, path);
  const content = file.text.slice(0, at) + after + file.text.slice(at + before.length);
  const result = `Edited ${path} at line ${file.text.slice(0, at).split("\n").length}.`;
  const written = await writeAndSettle(context, [{ path, content, expect: file.info.version }], result);
  if (written.ok) return result;
  if (written.error === "conflict" && !last) return undefined;
  throw new ToolError(describeFileError(written));
}

function onlyPlace(text: string, part: string, path: string): number {
  const at = text.indexOf(part);
  if (at === -1) {
    throw new ToolError(
      `old_text is not in ${path}. Read the file and copy the text exactly, with its spaces and line breaks.`,
    );
  }
  if (text.indexOf(part, at + 1) === -1) return at;
  throw new ToolError(
    `old_text occurs ${text.split(part).length - 1} times or more in ${path}. Add lines around it until it is unique.`,
  );
}
