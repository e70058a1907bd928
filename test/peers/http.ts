import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

import type { SentFile } from "./protocol.ts";

/** One request, read whole. */
export interface Call {
  method: string;
  url: URL;
  path: string;
  headers: IncomingMessage["headers"];
  /** As text; of a form with files see `formIn`. */
  body: string;
  bytes: Buffer;
  response: ServerResponse;
  /** Aborts when the client goes away before the answer is complete. */
  gone: AbortSignal;
}

export type Handler = (call: Call) => Promise<void>;

/** Listens on a free port of loopback. `routes` are path prefixes; a handler sees the rest of the path. */
export async function listen(
  routes: Record<string, Handler>,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    route(routes, request, response).catch((error) => {
      if (!response.headersSent) response.writeHead(500);
      response.end(String(error));
    });
  });
  // Connections are lost where a test asks for it only: a client may be late to see that an idle one was closed.
  server.keepAliveTimeout = 0;
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => close(server) };
}

async function route(routes: Record<string, Handler>, request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url!, "http://peers");
  const prefix = Object.keys(routes).find((name) => url.pathname.startsWith(`${name}/`));
  if (!prefix) return void response.writeHead(404).end();
  const gone = new AbortController();
  response.on("close", () => !response.writableFinished && gone.abort());
  const path = url.pathname.slice(prefix.length);
  const bytes = await buffer(request);
  await routes[prefix]!({
    method: request.method!,
    url,
    path,
    headers: request.headers,
    body: bytes.toString(),
    bytes,
    response,
    gone: gone.signal,
  });
}

/** A form's fields, and its files in order; undefined where the body is none. */
export async function formIn(
  call: Call,
): Promise<{ fields: Record<string, string>; files: SentFile[] } | undefined> {
  const type = call.headers["content-type"] ?? "";
  if (!type.startsWith("multipart/form-data")) return undefined;
  const form = await new Response(new Uint8Array(call.bytes), {
    headers: { "content-type": type },
  }).formData();
  const fields: Record<string, string> = {};
  const files: SentFile[] = [];
  for (const [field, value] of form)
    if (typeof value === "string") fields[field] = value;
    else
      files.push({ field, name: value.name, type: value.type, size: value.size, text: await value.text() });
  return { fields, files };
}

export function json(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((done) => server.close(() => done()));
}
