import type { Right } from "./rights.ts";

const tool = (...names: string[]) => names.map((name) => `tool:${name}`);

/** What MCP brings: other programs on both sides of a chat. */
export const RIGHTS_OF_AGENTS: readonly Right[] = [
  {
    part: "Tools",
    keys: tool("recall"),
    who: ["main", "member", "task", "agent"],
    says: "Search what was said and remembered in the own chat.",
  },
  {
    part: "Tools",
    keys: tool("send_message"),
    who: ["main", "member", "task", "agent"],
    says: "Speak in the own chat.",
  },
  {
    part: "Tools",
    keys: ["mcp:memory"],
    who: ["agent"],
    says: "Read the own chat's memory files and the global ones, over MCP.",
  },
  {
    part: "Tools",
    keys: ["mcp:read"],
    who: ["main", "member", "task"],
    says: "Call a tool of an MCP server that only reads by the owner's word, where main switched the server on.",
  },
  {
    part: "Tools",
    keys: ["mcp:call"],
    who: ["main", "member", "task"],
    says: "Call any other tool of an MCP server, where main switched the server on; after text from outside it waits for a yes.",
  },
];
