import * as z from "zod";
import { defineTool, ToolError } from "./tool.ts";

export const sendMessage = defineTool({
  name: "send_message",
  description: "Send a message now, before your answer.",
  schema: z.object({ text: z.string().trim().min(1), to: z.string().optional().describe("another group") }),
  risk: "idempotent",
  touches: ["egress"],
  async run({ text, to }, context) {
    const result = to ? `Queued for ${to}.` : "Queued.";
    const problem = await context.sendMessage(text, to, () => context.settle(result));
    if (problem) throw new ToolError(problem);
    return result;
  },
});
