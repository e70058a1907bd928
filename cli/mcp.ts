import { Command } from "commander";
import type { McpView } from "../workers/mcp.ts";
import { ask, clientOf, type Target } from "./client.ts";
import { table, time } from "./table.ts";

interface Options {
  json?: boolean;
}

/** `nanoflare mcp`: the MCP servers that chats use, and the tokens with which other agents reach a chat. */
export function mcpCommand(target: () => Target): Command {
  const mcp = new Command("mcp").description("MCP servers that chats use, and tokens for other agents");
  const add = (name: string, description: string, isDefault = false) =>
    mcp.command(name, { isDefault }).description(description).option("--json", "as JSON");
  add("list", "the servers of MCP_SERVERS, as they are for a chat", true)
    .option("--group <name>", "a chat's name or address", "web:main")
    .option("--refresh", "ask those that are on anew")
    .action((options: Options & { group: string; refresh?: boolean }) => list(target(), options));
  add("token", "make a token with which another agent reaches a chat")
    .argument("<group>", "its name or address")
    .option("--name <label>", "who gets it", "")
    .action((group: string, options: Options & { name: string }) => makeToken(target(), group, options));
  add("tokens", "all of them, without the secrets").action((options: Options) => tokens(target(), options));
  add("revoke", "end a token")
    .argument("<id>", "as the list shows it")
    .action((id: string, options: Options) => revoke(target(), id, options));
  return mcp;
}

async function list(target: Target, options: Options & { group: string; refresh?: boolean }): Promise<void> {
  const query = { group: options.group, ...(options.refresh ? { refresh: "true" as const } : {}) };
  const { servers, problems } = await ask(target, clientOf(target).mcp.$get({ query }));
  if (options.json) return print({ servers, problems });
  for (const problem of problems) console.error(problem);
  if (servers.length === 0) return console.log("No MCP servers are set up: see MCP_SERVERS in docs/mcp.md.");
  console.log(table(["server", "address", "state", "asked", "tools"], servers.map(rowOf)));
  if (servers.some(({ state }) => state === "unasked"))
    console.log("unasked: no turn needed it yet; --refresh asks it for its tools.");
}

async function makeToken(target: Target, group: string, options: Options & { name: string }): Promise<void> {
  const json = { group, label: options.name };
  const { said, token } = await ask(target, clientOf(target).mcp.tokens.$post({ json }));
  if (options.json) return print({ said, token, url: `${target.url}/mcp` });
  console.log(`${said}\n\naddress: ${target.url}/mcp\ntoken:   ${token}`);
}

async function tokens(target: Target, options: Options): Promise<void> {
  const all = await ask(target, clientOf(target).mcp.tokens.$get());
  if (options.json) return print(all);
  if (all.length === 0) return console.log("There are no tokens. Make one with: nanoflare mcp token GROUP");
  const rows = all.map(({ id, group, label, createdAt, usedAt }) => [
    ...[id, group, label, time(createdAt)],
    usedAt === null ? "never" : time(usedAt),
  ]);
  console.log(table(["id", "chat", "who", "made", "used"], rows));
}

async function revoke(target: Target, id: string, options: Options): Promise<void> {
  const asked = { param: { id: encodeURIComponent(id) } };
  const { said } = await ask(target, clientOf(target).mcp.tokens[":id"].$delete(asked));
  if (options.json) return print({ said });
  console.log(said);
}

function rowOf({ name, url, state, tools, listedAt, error }: McpView): string[] {
  const shown = tools.map((tool) => (tool.risk === "read" ? `${tool.name} (reads)` : tool.name)).join(", ");
  return [name, url, error ? `${state}: ${error}` : state, listedAt ? time(listedAt) : "-", shown || "-"];
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, undefined, 2));
}
