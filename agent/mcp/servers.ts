import * as z from "zod";
import type { Risk } from "../tools/tool.ts";
import { jsonOf } from "./json.ts";

/** A call that tells of progress may take so many times its time. */
export const PROGRESS = 3;

/** A remote MCP server as the install's owner set it up. */
export interface McpServer {
  name: string;
  url: string;
  /** Headers of each request, with the values of the variables that they name. Never shown. */
  headers: Readonly<Record<string, string>>;
  /** The variable that holds the token, for what is told when it is refused. */
  tokenName?: string;
  /** Tools that may be used; undefined: all. */
  tools?: readonly string[];
  /** Tools that only read, by the owner's word. */
  read: readonly string[];
  /** The owner believes the server's own word on which of its tools only read. */
  hints: boolean;
  /** Milliseconds for a call, and for a connection with its list of tools. */
  timeoutMs: number;
  connectMs: number;
}

/** A tool as a server lists it. All of it is the server's word. */
export interface ListedTool {
  name: string;
  description: string;
  /** JSON Schema of an object. */
  inputSchema: Record<string, unknown>;
  /** It says that it changes nothing. */
  readOnly: boolean;
}

const variable = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]{0,63}$/, "must be the name of a variable, e.g. NOTION_TOKEN");
const toolNames = z.array(z.string().min(1)).max(200);
const seconds = (fallback: number, most: number) =>
  z
    .number()
    .positive()
    .max(most)
    .default(fallback)
    .transform((count) => count * 1000);
const schema = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "must be an https address" }),
  token: variable.optional(),
  headers: z.record(z.string().regex(/^[\w-]+$/, "is no header's name"), z.string()).default({}),
  tools: toolNames.optional(),
  read: toolNames.default([]),
  hints: z.boolean().default(false),
  timeout: seconds(60, 600),
  connectTimeout: seconds(5, 30),
});

type Vars = Readonly<Record<string, string | undefined>>;
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,22}[a-z0-9])?$/;

/**
 * Reads `MCP_SERVERS`: JSON, an object of servers by name. Never throws. A server that is set up wrongly is left out
 * and told, with no value of it: somebody may have written a secret where its variable's name belongs.
 */
export function readServers(vars: Vars): { servers: McpServer[]; problems: string[] } {
  const text = vars.MCP_SERVERS;
  if (text === undefined) return { servers: [], problems: [] };
  const all = z.record(z.string(), z.unknown()).safeParse(jsonOf(text));
  if (!all.success)
    return { servers: [], problems: ['MCP_SERVERS is no JSON object; write {"notes":{"url":"https://…"}}.'] };
  const read = Object.entries(all.data).map(([name, fields]) => readServer(name, fields, vars));
  return {
    servers: read.flatMap((one) => (one.ok ? [one.server] : [])),
    problems: read.flatMap((one) => (one.ok ? [] : [`MCP_SERVERS: ${one.reason}. That server is left out.`])),
  };
}

type Read = { ok: true; server: McpServer } | { ok: false; reason: string };

function readServer(name: string, fields: unknown, vars: Vars): Read {
  const bad = (reason: string): Read => ({ ok: false, reason: `${name.slice(0, 40)}: ${reason}` });
  if (!NAME.test(name)) return bad("a server's name has small letters, digits and hyphens, at most 24");
  const parsed = schema.safeParse(fields);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    return bad(`${path.join(".") || "its settings"} ${message}`);
  }
  const { url, token, headers, tools, read, hints, timeout, connectTimeout } = parsed.data;
  const written = { ...headers, ...(token ? { authorization: `Bearer $${token}` } : {}) };
  const missing = namesIn(written).find((variable) => vars[variable] === undefined);
  if (missing) return bad(`${missing} is not set`);
  if (Object.keys(written).length > 0 && !isSafe(url)) return bad("a token or header goes over https only");
  const values = Object.entries(written).map(([key, value]) => [key, filled(value, vars)]);
  return {
    ok: true,
    server: {
      ...{ name, url, headers: Object.fromEntries(values), read, hints },
      ...{ timeoutMs: timeout, connectMs: connectTimeout },
      ...(token ? { tokenName: token } : {}),
      ...(tools ? { tools } : {}),
    },
  };
}

const VARIABLE = /\$([A-Z][A-Z0-9_]*)/g;

function namesIn(headers: Record<string, string>): string[] {
  return Object.values(headers).flatMap((value) => [...value.matchAll(VARIABLE)].map(([, name]) => name!));
}

function filled(value: string, vars: Vars): string {
  return value.replace(VARIABLE, (_, name: string) => vars[name] ?? "");
}

/** Nobody on the way reads it: TLS, or the own machine. */
function isSafe(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "https:" || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
}

/** Whether the owner lets a tool be used. */
export function offers(server: McpServer, tool: string): boolean {
  return server.tools === undefined || server.tools.includes(tool);
}

/** What a server says of its tools is untrusted: started means at most once, unless the owner says otherwise. */
export function riskOf(server: McpServer, tool: Pick<ListedTool, "name" | "readOnly">): Risk {
  return server.read.includes(tool.name) || (server.hints && tool.readOnly) ? "read" : "unsafe";
}

/** A text without the secrets that we sent: a server may repeat what it was given. */
export function withoutSecrets(text: string, { headers }: McpServer): string {
  const secrets = Object.values(headers).flatMap((value) => [value, value.replace(/^\w+ /, "")]);
  return secrets
    .filter((secret) => secret.length >= 8)
    .reduce((rest, secret) => rest.replaceAll(secret, "[secret]"), text);
}
