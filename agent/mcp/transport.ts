import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import {
  ErrorCode,
  type JSONRPCMessage,
  JSONRPCMessageSchema,
  type RequestId,
} from "@modelcontextprotocol/sdk/types.js";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { jsonOf } from "./json.ts";

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** The server answered with a status that is no success. */
export class StatusTrouble extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** Bytes of one answer of a server. */
const MOST = 8 * 1024 * 1024;
/** A stream that was cut is taken up again so often, after so many milliseconds. */
const RESUMES = 2;
const RESUME_MS = 500;
/** What a polite good-bye may take, in milliseconds. */
const GOODBYE_MS = 2000;

/**
 * The client's side of MCP's streamable HTTP (modelcontextprotocol.io, 2025-11-25, "Transports"). Every message is a
 * POST, its answer JSON or a stream of events. It opens no stream of its own for what a server may want to say some
 * day: an open connection would keep its object awake. docs/decisions/0013-mcp-without-the-sdks-client.md says why it is ours.
 */
export class HttpTransport implements Transport {
  onmessage?: Transport["onmessage"];
  onerror?: Transport["onerror"];
  onclose?: Transport["onclose"];
  sessionId?: string;
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #fetch: Fetch;
  readonly #life = new AbortController();
  #version: string | undefined;

  constructor(url: string, headers: Readonly<Record<string, string>>, fetch: Fetch) {
    this.#url = url;
    this.#headers = headers;
    this.#fetch = fetch;
  }

  async start(): Promise<void> {}

  setProtocolVersion(version: string): void {
    this.#version = version;
  }

  /** Throws `StatusTrouble`, and what `fetch` throws. */
  async send(message: JSONRPCMessage): Promise<void> {
    const headers = { "content-type": "application/json", accept: "application/json, text/event-stream" };
    const response = await this.#ask("POST", headers, JSON.stringify(message));
    this.sessionId = response.headers.get("mcp-session-id") ?? this.sessionId;
    const isRequest = "method" in message && "id" in message;
    if (!isRequest || !response.body) return response.body?.cancel();
    if (isStream(response)) return void this.#follow(response.body, message.id, RESUMES);
    this.#deliver(await new Response(response.body.pipeThrough(bounded())).text(), message.id);
  }

  async close(): Promise<void> {
    this.#life.abort();
    this.onclose?.();
  }

  /** Ends the session, where there is one. */
  async goodbye(): Promise<void> {
    if (!this.sessionId) return;
    const response = await this.#ask("DELETE", {}, undefined, AbortSignal.timeout(GOODBYE_MS));
    await response.body?.cancel();
  }

  async #ask(
    method: string,
    more: Record<string, string>,
    body?: string,
    signal = this.#life.signal,
  ): Promise<Response> {
    const session: Record<string, string> = this.sessionId ? { "mcp-session-id": this.sessionId } : {};
    const version: Record<string, string> = this.#version ? { "mcp-protocol-version": this.#version } : {};
    const headers = { ...this.#headers, ...session, ...version, ...more };
    const response = await this.#fetch(this.#url, { method, headers, body, signal, redirect: "manual" });
    if (response.ok) return response;
    await response.body?.cancel();
    throw new StatusTrouble(response.status);
  }

  /** Reads a stream until the answer comes. One that is cut goes on behind its last event, where events have ids. */
  async #follow(body: ReadableStream<Uint8Array>, id: RequestId, resumes: number): Promise<void> {
    let last: string | undefined;
    let why = "the connection ended without an answer";
    try {
      for await (const event of eventsOf(body)) {
        last = event.id || last;
        if (event.data && this.#deliver(event.data, id)) return;
      }
    } catch (error) {
      why = error instanceof TooLarge ? error.message : why;
      if (error instanceof TooLarge) last = undefined;
    }
    if (last === undefined || resumes === 0 || this.#life.signal.aborted) return this.#fail(id, why);
    await new Promise((done) => setTimeout(done, RESUME_MS));
    await this.#resume(last, id, resumes - 1).catch(() => this.#fail(id, why));
  }

  async #resume(last: string, id: RequestId, resumes: number): Promise<void> {
    const response = await this.#ask("GET", { accept: "text/event-stream", "last-event-id": last });
    if (response.body && isStream(response)) return this.#follow(response.body, id, resumes);
    await response.body?.cancel();
    this.#fail(id, "the connection ended without an answer");
  }

  /** Hands a message on. True for the answer to this request. */
  #deliver(text: string, id: RequestId): boolean {
    const read = JSONRPCMessageSchema.safeParse(jsonOf(text));
    if (!read.success) {
      this.#fail(id, "its answer is no message of MCP");
      return true;
    }
    this.onmessage?.(read.data);
    return !("method" in read.data) && read.data.id === id;
  }

  #fail(id: RequestId, message: string): void {
    this.onmessage?.({ jsonrpc: "2.0", id, error: { code: ErrorCode.ConnectionClosed, message } });
  }
}

class TooLarge extends Error {}

function isStream(response: Response): boolean {
  return response.headers.get("content-type")?.startsWith("text/event-stream") === true;
}

function eventsOf(body: ReadableStream<Uint8Array>) {
  const text = body.pipeThrough(bounded()).pipeThrough(new TextDecoderStream() as never);
  return (text as ReadableStream<string>).pipeThrough(new EventSourceParserStream());
}

function bounded(): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > MOST) controller.error(new TooLarge(`its answer has more than ${MOST} bytes`));
      else controller.enqueue(chunk);
    },
  });
}
