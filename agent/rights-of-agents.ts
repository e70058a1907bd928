import type { Right } from "./rights.ts";

const tool = (...names: string[]) => names.map((name) => `tool:${name}`);
const route = (...names: string[]) => names.map((name) => `route:${name}`);

/** What MCP and skills bring: other programs on both sides of a chat, and what the owner does about them. */
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
    clean: true,
    says: "Call any other tool of an MCP server, where main switched the server on.",
  },
  {
    part: "Doors",
    keys: route("ALL /mcp"),
    who: ["owner", "visitor"],
    says: "Another agent calls a chat's tools: the door checks the token of that chat.",
  },
  {
    part: "Doors",
    keys: route(
      "GET /api/skills",
      "GET /api/skills/:name",
      "POST /api/skills",
      "POST /api/skills/check",
      "DELETE /api/skills/:name",
      "GET /api/mcp",
      "GET /api/mcp/tokens",
      "POST /api/mcp/tokens",
      "DELETE /api/mcp/tokens/:id",
    ),
    who: ["owner"],
    says: "Skills of chats, MCP servers, and the tokens with which other agents reach a chat.",
  },
];
