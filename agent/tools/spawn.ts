import * as z from "zod";
import { defineTool, ToolError, UNTOLD } from "./tool.ts";

export const spawn = defineTool({
  name: "spawn",
  description: "Have a sub-agent do it.",
  schema: z.object({ task: z.string().trim().min(1), label: z.string().trim().optional().meta(UNTOLD) }),
  risk: "idempotent",
  async run(work, context) {
    const { ok, said } = context.spawn(work, (answer) => context.settle(answer));
    if (!ok) throw new ToolError(said);
    return said;
  },
});
