import * as z from "zod";
import { capped } from "../mcp/answer.ts";
import { type ListedTool, type McpServer, offers, riskOf } from "../mcp/servers.ts";
import { defineTool, type Tool } from "./tool.ts";

/** Tools of one server, characters of a description, and of a schema as JSON: each goes with every request. */
const TOOLS = 40;
const DESCRIPTION = 600;
const SCHEMA = 6000;

/** What a server offers here, as tools of the agent. Of two that get one name the first is taken. */
export function mcpTools(server: McpServer, listed: readonly ListedTool[]): Tool[] {
  const offered = listed.filter(({ name }) => offers(server, name)).slice(0, TOOLS);
  const named = new Map(offered.toReversed().map((tool) => [nameOf(server, tool), tool]));
  return offered
    .filter((tool) => named.get(nameOf(server, tool)) === tool)
    .map((tool) => mcpTool(server, tool));
}

/** Whether the server is on here is asked when it runs. */
function mcpTool(server: McpServer, listed: ListedTool): Tool {
  const risk = riskOf(server, listed);
  return defineTool({
    name: nameOf(server, listed),
    description: capped(listed.description.trim(), DESCRIPTION),
    schema: z.record(z.string(), z.unknown()),
    parameters: parametersOf(listed.inputSchema),
    right: { kind: "mcp", verb: risk === "read" ? "read" : "call" },
    risk,
    carries: () => risk !== "read",
    run: (args, context) => context.callMcp(server.name, listed.name, args),
  });
}

/** Providers take 64 letters, digits, `_` and `-`. */
function nameOf({ name }: McpServer, tool: ListedTool): string {
  return `${name}__${tool.name.replace(/[^\w-]/g, "_")}`.slice(0, 64);
}

/** The server checks the arguments; a schema that would fill the prompt is left out. */
function parametersOf({ $schema: _, ...schema }: Record<string, unknown>): Record<string, unknown> {
  const fits = JSON.stringify(schema).length <= SCHEMA;
  return fits ? { ...schema, type: "object" } : { type: "object" };
}
