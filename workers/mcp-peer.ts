import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  CallToolRequestSchema,
  InitializeRequestSchema,
  isJSONRPCRequest,
  type JSONRPCMessage,
  JSONRPCMessageSchema,
  LATEST_PROTOCOL_VERSION,
  ListToolsRequestSchema,
  type ServerNotification,
  type ServerRequest,
  type ServerResult,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/sdk/types.js";
import { Peer } from "../agent/mcp/peer.ts";
import { agentTools } from "../agent/tools/for-agents.ts";
import { specs } from "../agent/tools/index.ts";
import { jsonOf } from "../channels/json.ts";

/** Runs a tool for whoever holds the token of the request. */
export type RunTool = (tool: string, args: Record<string, unknown>) => Promise<{ ok: boolean; said: string }>;

/** A transport for one message and its answer. */
class Exchange implements Transport {
  onmessage?: Transport["onmessage"];
  readonly answer: Promise<JSONRPCMessage>;
  #answered: (message: JSONRPCMessage) => void = () => {};

  constructor() {
    this.answer = new Promise((answered) => {
      this.#answered = answered;
    });
  }

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    this.#answered(message);
  }

  async close(): Promise<void> {}
}

/**
 * Answers one POST of MCP's streamable HTTP, without a session and as plain JSON: each request stands for itself.
 * 202 for what wants no answer; 400 for what is no message, and for a version that is not known.
 */
export async function answerMcp(
  { text, protocol }: { text: string; protocol?: string },
  version: string,
  run: RunTool,
): Promise<Response> {
  if (protocol !== undefined && !SUPPORTED_PROTOCOL_VERSIONS.includes(protocol))
    return refusal(-32600, `MCP ${protocol.slice(0, 20)} is not known here.`);
  const json = jsonOf(text);
  if (json === undefined) return refusal(-32700, "The body is no JSON.");
  const read = JSONRPCMessageSchema.safeParse(json);
  if (!read.success) return refusal(-32600, "The body is no message of MCP.");
  if (!isJSONRPCRequest(read.data)) return new Response(null, { status: 202 });
  return Response.json(await exchange(read.data, version, run));
}

async function exchange(message: JSONRPCMessage, version: string, run: RunTool): Promise<JSONRPCMessage> {
  const peer = new Peer<ServerRequest, ServerNotification, ServerResult>();
  peer.setRequestHandler(InitializeRequestSchema, ({ params }) => hello(params.protocolVersion, version));
  peer.setRequestHandler(ListToolsRequestSchema, () => ({ tools: listed() }));
  peer.setRequestHandler(CallToolRequestSchema, async ({ params }) => {
    const { ok, said } = await run(params.name, params.arguments ?? {});
    return { content: [{ type: "text" as const, text: said }], isError: !ok };
  });
  const one = new Exchange();
  await peer.connect(one);
  one.onmessage?.(message);
  return one.answer;
}

function hello(asked: string, version: string) {
  return {
    protocolVersion: SUPPORTED_PROTOCOL_VERSIONS.includes(asked) ? asked : LATEST_PROTOCOL_VERSION,
    capabilities: { tools: {} },
    serverInfo: { name: "nanoflare", version },
    instructions: "Tools of one chat: its tasks, its memory and history, and messages to it.",
  };
}

/** The same schemas that the assistant's own model reads, without what reaches into other chats. */
function listed() {
  const risks = new Map(agentTools.map((tool) => [tool.name, tool.risk]));
  return specs(agentTools, false).map(({ name, description, parameters }) => ({
    name,
    description,
    inputSchema: { ...parameters, type: "object" as const },
    annotations: { readOnlyHint: risks.get(name) === "read" },
  }));
}

function refusal(code: number, message: string): Response {
  return Response.json({ jsonrpc: "2.0", error: { code, message }, id: null }, { status: 400 });
}
