import type { ServerResponse } from "node:http";
import type { Model, ModelEvent, ModelRequest } from "../../../agent/model.ts";
import { type ClientOptions, openaiModel } from "../../../agent/models/openai.ts";
import { serve } from "../channels/server.ts";

/** A request that says one thing, and what a test changes of it. */
export function asks(text: string, changes: Partial<ModelRequest> = {}): ModelRequest {
  const messages = [{ role: "user" as const, content: text }];
  return {
    messages,
    tools: [],
    maxTokens: 100,
    temperature: 0.7,
    signal: new AbortController().signal,
    ...changes,
  };
}

/** Every event of one call. */
export async function eventsOf(model: Model, request: ModelRequest): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of model.stream(request)) events.push(event);
  return events;
}

/** The text that somebody who watches has on the screen at the end. */
export function shown(events: ModelEvent[]): string {
  return events.reduce(
    (text, event) => (event.type === "text" ? text + event.delta : event.type === "restart" ? "" : text),
    "",
  );
}

/** A client whose pauses take no time and are noted down. */
export function clientFor(
  baseURL: string,
  changes: Partial<ClientOptions> = {},
): { model: Model; pauses: number[] } {
  const pauses: number[] = [];
  const sleep = async (ms: number) => void pauses.push(ms);
  const settings = {
    provider: "custom",
    model: "test-model",
    baseURL,
    apiKey: "",
    now: () => NOW,
    random: () => 0.5,
    stallMs: 10_000,
  };
  return { model: openaiModel({ ...settings, sleep, ...changes }), pauses };
}

export const NOW = Date.parse("2026-11-21T12:00:00Z");

/** One piece of a stream. */
export function piece(delta: object, finish_reason: string | null = null, more: object = {}): string {
  return `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", model: "m", choices: [{ index: 0, delta, finish_reason }], ...more })}\n\n`;
}

export const END = "data: [DONE]\n\n";

/** Begins a stream of events and writes pieces; the caller ends it. */
export function stream(response: ServerResponse, ...pieces: string[]): ServerResponse {
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const text of pieces) response.write(text);
  return response;
}

/** A whole good answer. */
export function good(response: ServerResponse, text = "good"): void {
  stream(response, piece({ role: "assistant", content: text }), piece({}, "stop"), END).end();
}

/** A model server that answers its requests one after the other; the last answer stays. */
export async function server(...answers: ((response: ServerResponse) => void)[]) {
  let next = 0;
  const { root, seen, close } = await serve((_, response) =>
    answers[Math.min(next++, answers.length - 1)]!(response),
  );
  return { base: `${root}/v1`, seen, close };
}

/** Refuses with a status and the body of an error. */
export function refuse(status: number, error: object, headers: Record<string, string> = {}) {
  return (response: ServerResponse) =>
    void response
      .writeHead(status, { "content-type": "application/json", ...headers })
      .end(JSON.stringify({ error }));
}
