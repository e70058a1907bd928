import { type McpServer, PROGRESS } from "../../agent/mcp/servers.ts";
import type { Fetch } from "../../agent/mcp/transport.ts";
import { guardedFetch } from "../../agent/web/guarded-fetch.ts";
import type { Config } from "../config.ts";
import { outboundPorts } from "../outbound.ts";

/** Bytes of one answer, a little above the transport's own bound, which tells more. */
const MOST = 9 * 1024 * 1024;

/**
 * How MCP servers are reached: through the outbound gate, without redirects. Their addresses are the owner's, so what a
 * group's commands may reach does not matter; servers that are inside have to stand in OUTBOUND_ALLOW all the same.
 */
export function mcpFetch(config: Config, { timeoutMs }: McpServer): Fetch {
  const bounds = { maxBytes: MOST, timeoutMs: timeoutMs * PROGRESS };
  return (url, init) =>
    guardedFetch(url, { ...init, ...bounds }, outboundPorts(config, config.OUTBOUND_ALLOW));
}
