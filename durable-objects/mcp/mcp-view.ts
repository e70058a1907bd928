import type { McpServer } from "../../agent/mcp/servers.ts";
import { mcpTools } from "../../agent/tools/mcp.ts";
import type { mcpServers } from "./schema.ts";

/** How an MCP server is for a group. */
export interface McpView {
  name: string;
  /** Without what stands behind the path: it may hold a key. */
  url: string;
  /** `off`: not for this group. `unasked`: no turn needed it yet. `down`: it did not answer when it was asked last. */
  state: "ready" | "down" | "unasked" | "off";
  /** Those of the last list that the owner lets be used, with their risk. */
  tools: { name: string; risk: string }[];
  /** Milliseconds; when the list came. */
  listedAt?: number;
  /** What went wrong last. */
  error?: string;
}

export function viewOf(
  server: McpServer,
  row: typeof mcpServers.$inferSelect | undefined,
  on: boolean,
): McpView {
  const { origin, pathname } = new URL(server.url);
  const tools = on ? mcpTools(server, row?.tools ?? []).map(({ name, risk }) => ({ name, risk })) : [];
  return {
    name: server.name,
    url: `${origin}${pathname}`,
    state: on ? stateOf(row) : "off",
    tools,
    ...(row?.listedAt ? { listedAt: row.listedAt } : {}),
    ...(row?.error ? { error: row.error } : {}),
  };
}

function stateOf(row: typeof mcpServers.$inferSelect | undefined): McpView["state"] {
  if (!row) return "unasked";
  return row.failures > 0 ? "down" : "ready";
}
