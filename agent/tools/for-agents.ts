import { readMemory } from "./read-memory.ts";
import { recall } from "./recall.ts";
import { sendMessage } from "./send-message.ts";
import { taskTools } from "./tasks.ts";
import type { Tool } from "./tool.ts";

/** What other agents may ask of a chat over MCP, with a token of it. Whether they may is asked again at each call. */
export const agentTools: Tool[] = [...taskTools, sendMessage, recall, readMemory];
