import {
  CallToolResultSchema,
  type ClientNotification,
  type ClientRequest,
  type ClientResult,
  ErrorCode,
  InitializeResultSchema,
  LATEST_PROTOCOL_VERSION,
  ListToolsResultSchema,
  McpError,
  SUPPORTED_PROTOCOL_VERSIONS,
} from "@modelcontextprotocol/sdk/types.js";
import { GateError } from "../web/gate-error.ts";
import type { Answered, Content } from "./answer.ts";
import { Peer } from "./peer.ts";
import { type ListedTool, type McpServer, PROGRESS, withoutSecrets } from "./servers.ts";
import { type Fetch, HttpTransport, StatusTrouble } from "./transport.ts";

/** Pages of a list of tools that are read, and tools in all. */
const PAGES = 10;
const TOOLS = 500;

/** Why a server could not be used. `sent`: the call may have reached it. `expired`: it has forgotten the session. */
export class McpTrouble extends Error {
  readonly sent: boolean;
  readonly expired: boolean;

  constructor(message: string, { sent = false, expired = false } = {}) {
    super(message);
    this.sent = sent;
    this.expired = expired;
  }
}

interface Waits {
  timeoutMs: number;
  signal: AbortSignal;
}

/** One connection to a server, over streamable HTTP. Close it: a session of the server hangs on it. */
export class McpClient {
  readonly #server: McpServer;
  readonly #peer = new Peer<ClientRequest, ClientNotification, ClientResult>();
  readonly #transport: HttpTransport;

  private constructor(server: McpServer, fetch: Fetch) {
    this.#server = server;
    this.#transport = new HttpTransport(server.url, server.headers, fetch);
  }

  /** Connects and agrees on a version. Throws `McpTrouble`. */
  static async open(
    server: McpServer,
    fetch: Fetch,
    version: string,
    signal: AbortSignal,
  ): Promise<McpClient> {
    const client = new McpClient(server, fetch);
    try {
      await client.#shakeHands(version, { timeoutMs: server.connectMs, signal });
      return client;
    } catch (error) {
      await client.close();
      throw troubleOf(error, server, server.connectMs);
    }
  }

  async #shakeHands(version: string, { timeoutMs: timeout, signal }: Waits): Promise<void> {
    await this.#peer.connect(this.#transport);
    const params = {
      protocolVersion: LATEST_PROTOCOL_VERSION,
      capabilities: {},
      clientInfo: { name: "nanoflare", version },
    };
    const hello = { method: "initialize" as const, params };
    const { protocolVersion } = await this.#peer.request(hello, InitializeResultSchema, { timeout, signal });
    if (!SUPPORTED_PROTOCOL_VERSIONS.includes(protocolVersion))
      throw new McpTrouble(
        `${this.#server.name} speaks MCP ${withoutSecrets(protocolVersion, this.#server).slice(0, 20)}, which is not known here.`,
      );
    this.#transport.setProtocolVersion(protocolVersion);
    await this.#peer.notification({ method: "notifications/initialized" });
  }

  /** All tools of the server, as far as there is room. Throws `McpTrouble`. */
  async tools({ timeoutMs: timeout, signal }: Waits): Promise<ListedTool[]> {
    const tools: ListedTool[] = [];
    let cursor: string | undefined;
    try {
      for (let page = 0; page < PAGES && tools.length < TOOLS; page++) {
        const request = { method: "tools/list" as const, params: cursor ? { cursor } : {} };
        const found = await this.#peer.request(request, ListToolsResultSchema, { timeout, signal });
        const clean = cleaned(found.tools, this.#server) as typeof found.tools;
        for (const { name, description = "", inputSchema, annotations } of clean)
          tools.push({ name, description, inputSchema, readOnly: annotations?.readOnlyHint === true });
        cursor = found.nextCursor;
        if (!cursor) break;
      }
    } catch (error) {
      throw troubleOf(error, this.#server, timeout);
    }
    return tools.slice(0, TOOLS);
  }

  /** Calls a tool. Each sign of progress begins its time anew, up to `PROGRESS` times as much. Throws `McpTrouble`. */
  async call(name: string, args: Record<string, unknown>, { timeoutMs, signal }: Waits): Promise<Answered> {
    const request = { method: "tools/call" as const, params: { name, arguments: args } };
    const times = { timeout: timeoutMs, resetTimeoutOnProgress: true, maxTotalTimeout: timeoutMs * PROGRESS };
    try {
      const options = { ...times, signal, onprogress: () => {} };
      const result = await this.#peer.request(request, CallToolResultSchema, options);
      const { content, structuredContent: structured, isError = false } = result;
      return { content: content as Content[], isError, ...(structured === undefined ? {} : { structured }) };
    } catch (error) {
      throw troubleOf(error, this.#server, timeoutMs);
    }
  }

  /** Ends the session where there is one. Never throws. */
  async close(): Promise<void> {
    await this.#transport.goodbye().catch(() => {});
    await this.#peer.close().catch(() => {});
  }
}

/** A value without our secrets, in its texts and in the names of its parts. */
function cleaned(value: unknown, server: McpServer): unknown {
  if (typeof value === "string") return withoutSecrets(value, server);
  if (Array.isArray(value)) return value.map((each) => cleaned(each, server));
  if (typeof value !== "object" || value === null) return value;
  const parts = Object.entries(value).map(([name, part]) => [
    withoutSecrets(name, server),
    cleaned(part, server),
  ]);
  return Object.fromEntries(parts);
}

/** What went wrong, for people and for the model. */
function troubleOf(error: unknown, server: McpServer, timeoutMs: number): McpTrouble {
  if (error instanceof McpTrouble) return error;
  const { name } = server;
  // Before it is cut: a part of a secret would not be known for one.
  const told = (error: unknown) => withoutSecrets(String((error as Error)?.message ?? error), server);
  if (error instanceof StatusTrouble) return statusTrouble(error.status, server);
  if (error instanceof McpError && error.code === ErrorCode.RequestTimeout)
    return new McpTrouble(`${name} did not answer in ${timeoutMs / 1000} s.`, { sent: true });
  if (error instanceof McpError) {
    const sent = error.code === ErrorCode.ConnectionClosed;
    return new McpTrouble(`${name} answered an error: ${told(error).slice(0, 500)}`, { sent });
  }
  const why = told(error).slice(0, 200);
  const sent = !(error instanceof GateError && ["address", "dns", "egress"].includes(error.reason));
  return new McpTrouble(`${name} cannot be reached (${why.replace(/\.$/, "")}).`, { sent });
}

function statusTrouble(code: number, { name, tokenName }: McpServer): McpTrouble {
  const check = tokenName ? ` Check the variable ${tokenName}.` : "";
  if (code === 401 || code === 403) return new McpTrouble(`${name} refuses us (${code}).${check}`);
  if (code === 404)
    return new McpTrouble(`${name} knows no such address or session (404).`, { expired: true });
  return new McpTrouble(`${name} answered with status ${code}.`, { sent: code >= 500 });
}
