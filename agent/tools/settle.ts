import type { Change, FileInfo, FileResult } from "../notebook.ts";
import { type ToolContext, ToolError } from "./tool.ts";

/** Writes files and ends the call with `result`, in one transaction. A call that was stopped writes nothing. */
export function writeAndSettle(
  context: ToolContext,
  changes: Change[],
  result: string,
): Promise<FileResult<{ written: FileInfo[] }>> {
  return context.notebook.write(changes, context.author, () => {
    if (context.signal.aborted) throw new ToolError("stopped before anything was written.");
    context.settle(result);
  });
}
