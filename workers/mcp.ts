import { type Context, Hono } from "hono";
import * as z from "zod";
import { readBody } from "../channels/body.ts";
import { DIRECTORY } from "../durable-objects/directory/rpc.ts";
import type { AgentAnswer } from "../durable-objects/mcp/agent-desk.ts";
import packageFile from "../package.json";
import { body, query } from "./body.ts";
import type { Doors } from "./doors.ts";

export type { McpTokenView } from "../durable-objects/directory/mcp-tokens.ts";
export type { McpView } from "../durable-objects/mcp/mcp-view.ts";

/**
 * `/mcp`: a chat's tools for other agents, as MCP's streamable HTTP has it. A token opens exactly one chat; 401 without
 * one, 403 for a page of another site, 405 for anything but POST: nothing is pushed, so there is no stream to listen to.
 */
export async function mcpDoor(c: Context<Doors>): Promise<Response> {
  if (isForeign(c)) return refusal(403, "This address is not for pages of other sites.");
  if (c.req.method !== "POST") return refusal(405, "Send MCP messages with POST.", { allow: "POST" });
  // What is no token of ours, by its look, costs the directory nothing.
  const token = /^Bearer\s+(nfm_[\w-]{1,200})$/i.exec(c.req.header("authorization") ?? "")?.[1];
  const holder = token && (await directory(c.env).mcpTokens({ verb: "open", token })).holder;
  if (!holder) return refusal(401, MAKE_ONE, { "www-authenticate": "Bearer" });
  const read = await readBody(c.req.raw, MOST);
  if ("status" in read) return refusal(read.status, "Send one message of at most 256 KB, as UTF-8.");
  const group = c.env.GROUP.getByName(holder.address);
  // The SDK's schemas take their time: only who speaks MCP waits for them.
  const { answerMcp } = await import("./mcp-peer.ts");
  return answerMcp(
    { text: read.text, protocol: c.req.header("mcp-protocol-version") },
    packageFile.version,
    (tool, args): Promise<AgentAnswer> => group.agentCall({ token: holder.id, tool, args }),
  );
}

/** Bytes of one message. */
const MOST = 256 * 1024;
const MAKE_ONE = "Send a token of a chat as a bearer token; make one with: nanoflare mcp token GROUP";

/** A browser names the page that asks. Programs name none. */
function isForeign(c: Context<Doors>): boolean {
  const origin = c.req.header("origin");
  return (
    origin !== undefined && URL.parse(origin)?.host !== (c.req.header("host") ?? new URL(c.req.url).host)
  );
}

function refusal(status: number, message: string, headers: Record<string, string> = {}): Response {
  return Response.json({ jsonrpc: "2.0", error: { code: -32000, message }, id: null }, { status, headers });
}

const place = query(
  z.object({ group: z.string().min(1).default("web:main"), refresh: z.literal("true").optional() }),
);
const wanted = body(z.object({ group: z.string().min(1).max(200), label: z.string().max(64).default("") }));

/** MCP for operators: the servers that a chat uses, and the tokens of chats for other agents. */
export const mcpDoors = new Hono<Doors>()
  .get("/mcp", place, async (c) => {
    const { group, refresh } = c.req.valid("query");
    const settings = await directory(c.env).find(group);
    if (!settings?.registered)
      return c.json({ error: `There is no registered chat called "${group.slice(0, 80)}".` }, 404);
    const room = c.env.GROUP.getByName(settings.address);
    await room.configure(settings);
    const problems = c.get("config").problems.filter((problem) => problem.startsWith("MCP_SERVERS"));
    return c.json({ group: settings.name, servers: await room.mcp(refresh === "true"), problems });
  })
  .get("/mcp/tokens", async (c) => {
    const { tokens = [] } = await directory(c.env).mcpTokens({ verb: "list" });
    return c.json(tokens);
  })
  .post("/mcp/tokens", wanted, async (c) => {
    const {
      ok,
      said,
      token = "",
    } = await directory(c.env).mcpTokens({ verb: "make", ...c.req.valid("json") });
    return ok ? c.json({ said, token }) : c.json({ error: said }, 400);
  })
  .delete("/mcp/tokens/:id", async (c) => {
    const { ok, said } = await directory(c.env).mcpTokens({ verb: "revoke", id: c.req.param("id") });
    return ok ? c.json({ said }) : c.json({ error: said }, 404);
  });

function directory(env: Env) {
  return env.DIRECTORY.getByName(DIRECTORY);
}
