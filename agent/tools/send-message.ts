import * as z from "zod";
import { defineTool, ToolError } from "./tool.ts";

/** Files of one message. */
const MOST_FILES = 10;

export const sendMessage = defineTool({
  name: "send_message",
  description: "Send text or files before answering.",
  schema: z.object({
    text: z.string().trim().min(1),
    attachments: z.array(z.string()).max(MOST_FILES).optional(),
    to: z.string().optional().describe("another group"),
  }),
  risk: "idempotent",
  carries: ({ to }) => to !== undefined,
  async run({ text, attachments = [], to }, context) {
    const what =
      attachments.length > 0
        ? `Queued with ${attachments.length} file${attachments.length > 1 ? "s" : ""}`
        : "Queued";
    const result = to ? `${what} for ${to}.` : `${what}.`;
    const problem = await context.sendMessage(text, to, () => context.settle(result), attachments);
    if (problem) throw new ToolError(problem);
    return result;
  },
});
