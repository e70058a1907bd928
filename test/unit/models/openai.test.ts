import { LLMock } from "@copilotkit/aimock";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { ChatMessage } from "../../../agent/model.ts";
import { asks, clientFor, END, eventsOf, good, NOW, piece, refuse, server, shown, stream } from "./talk.ts";

const mock = new LLMock({ port: 0 });
beforeAll(() => mock.start());
afterAll(() => mock.stop());
beforeEach(() => void mock.clearFixtures());

const base = () => `${mock.url}/v1`;

test("streams a plain answer in pieces and ends with the whole", async () => {
  mock.onMessage("hello", { content: "Hello to everybody in this chat." }, { chunkSize: 5 });
  const events = await eventsOf(clientFor(base()).model, asks("hello"));
  const last = events.at(-1);
  expect(events.filter(({ type }) => type === "text").length).toBeGreaterThan(3);
  expect(last).toMatchObject({
    type: "done",
    content: "Hello to everybody in this chat.",
    toolCalls: [],
    cut: false,
  });
  expect(shown(events)).toBe("Hello to everybody in this chat.");
});

test("takes the usage as the provider counted it", async () => {
  mock.onMessage("count", {
    content: "ok",
    usage: { prompt_tokens: 120, completion_tokens: 7, total_tokens: 127 },
  });
  const last = (await eventsOf(clientFor(base()).model, asks("count"))).at(-1);
  expect(last).toMatchObject({ type: "done", usage: { inputTokens: 120, outputTokens: 7 } });
});

test("estimates the usage of a provider that does not say, on the high side", async () => {
  const { base, close } = await server((response) => good(response, "four little words here"));
  const last = (await eventsOf(clientFor(base).model, asks("some question"))).at(-1);
  await close();
  expect(last).toMatchObject({ type: "done", usage: { estimated: true } });
  expect(last?.type === "done" && last.usage.outputTokens).toBeGreaterThanOrEqual(4);
});

test("puts parallel tool calls together", async () => {
  const toolCalls = [
    { id: "a", name: "read_file", arguments: '{"path":"a.md"}' },
    { id: "b", name: "grep", arguments: '{"pattern":"x y","path":"notes"}' },
  ];
  mock.onMessage("look", { content: "I look.", toolCalls }, { chunkSize: 3 });
  const tools = [{ name: "read_file", description: "", parameters: { type: "object" } }];
  const last = (await eventsOf(clientFor(base()).model, asks("look", { tools }))).at(-1);
  expect(last).toMatchObject({ type: "done", content: "I look.", toolCalls });
});

test("gives every call an id of its own where the provider sends none", async () => {
  const call = (name: string) => ({ function: { name, arguments: "{}" } });
  const { base, close } = await server((response) =>
    stream(response, piece({ tool_calls: [call("a"), call("b")] }), piece({}, "tool_calls"), END).end(),
  );
  let seed = 0.1;
  const last = (
    await eventsOf(clientFor(base, { random: () => (seed = (seed * 7.3) % 1) }).model, asks("x"))
  ).at(-1);
  await close();
  const ids = last?.type === "done" ? last.toolCalls.map(({ id }) => id) : [];
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toMatch(/^[a-zA-Z0-9_-]{6,40}$/);
});

test("says that an answer was cut at its length limit", async () => {
  mock.onMessage("long", { content: "It begins", finishReason: "length" });
  expect((await eventsOf(clientFor(base()).model, asks("long"))).at(-1)).toMatchObject({
    type: "done",
    cut: true,
  });
});

test("takes an empty answer as an answer", async () => {
  mock.onMessage("nothing", { content: "" });
  const events = await eventsOf(clientFor(base()).model, asks("nothing"));
  expect(events).toMatchObject([{ type: "done", content: "", toolCalls: [] }]);
});

test.each([429, 500, 502, 503, 529, 408])("tries again after %i", async (status) => {
  mock.onMessage("again", { content: "there you are" });
  mock.nextRequestError(status, { message: "busy" });
  const { model, pauses } = clientFor(base());
  const events = await eventsOf(model, asks("again"));
  expect(events.at(-1)).toMatchObject({ type: "done", content: "there you are" });
  expect(pauses).toHaveLength(1);
});

test("gives up after three tries, with doubled pauses", async () => {
  const { base, seen, close } = await server(refuse(503, { message: "overloaded" }));
  const { model, pauses } = clientFor(base);
  const events = await eventsOf(model, asks("x"));
  await close();
  expect(events).toMatchObject([
    { type: "error", failure: { kind: "unavailable" }, usage: { inputTokens: 0, outputTokens: 0 } },
  ]);
  expect(seen).toHaveLength(3);
  expect(pauses).toEqual([500, 1000]);
});

test.each([
  ["seconds", { "retry-after": "7" }, 7000],
  ["a date", { "retry-after": new Date(NOW + 9000).toUTCString() }, 9000],
  ["milliseconds", { "retry-after-ms": "1234", "retry-after": "99" }, 1234],
  ["an hour, but no longer than a minute", { "retry-after": "3600" }, 60_000],
  ["a date that has passed", { "retry-after": new Date(NOW - 9000).toUTCString() }, 0],
  ["nonsense, which is not heeded", { "retry-after": "soon" }, 500],
])("waits as the provider asks: %s", async (_, headers, expected) => {
  const { base, close } = await server(
    refuse(429, { message: "slow down" }, headers as Record<string, string>),
    (response) => good(response),
  );
  const { model, pauses } = clientFor(base);
  await eventsOf(model, asks("x"));
  await close();
  expect(pauses).toEqual([expected]);
});

test.each([
  [401, "auth"],
  [403, "auth"],
  [400, "bad-request"],
  [404, "bad-request"],
  [422, "bad-request"],
])("does not try again after %i", async (status, kind) => {
  const { base, seen, close } = await server(refuse(status as number, { message: "no" }));
  const events = await eventsOf(clientFor(base).model, asks("x"));
  await close();
  expect(events).toMatchObject([{ type: "error", failure: { kind } }]);
  expect(seen).toHaveLength(1);
});

test("starts again when the stream is cut in the middle", async () => {
  const { base, seen, close } = await server(
    (response) => void stream(response, piece({ content: "half an ans" })).destroy(),
    (response) => good(response, "a whole answer"),
  );
  const events = await eventsOf(clientFor(base).model, asks("x"));
  await close();
  expect(seen).toHaveLength(2);
  expect(shown(events)).toBe("a whole answer");
  expect(events.at(-1)).toMatchObject({ type: "done", content: "a whole answer" });
});

test("counts a cut attempt, since it was paid for", async () => {
  const { base, close } = await server(
    (response) => void stream(response, piece({ content: "many words were said before it broke" })).end(),
    (response) =>
      stream(
        response,
        piece({ content: "ok" }),
        piece({}, "stop", { usage: { prompt_tokens: 10, completion_tokens: 1 } }),
        END,
      ).end(),
  );
  const last = (await eventsOf(clientFor(base).model, asks("x"))).at(-1);
  await close();
  expect(last?.type === "done" && last.usage.inputTokens).toBeGreaterThan(10);
  expect(last?.type === "done" && last.usage.outputTokens).toBeGreaterThan(8);
});

test("takes a stream without finish_reason as cut, unless the server said that it is done", async () => {
  const cut = await server((response) => stream(response, piece({ content: "a" })).end());
  const done = await server((response) => stream(response, piece({ content: "a" }), END).end());
  const [failed, answered] = [
    await eventsOf(clientFor(cut.base).model, asks("x")),
    await eventsOf(clientFor(done.base).model, asks("x")),
  ];
  await Promise.all([cut.close(), done.close()]);
  expect(failed.at(-1)).toMatchObject({ type: "error", failure: { kind: "unavailable" } });
  expect(cut.seen).toHaveLength(3);
  expect(answered.at(-1)).toMatchObject({ type: "done", content: "a" });
  expect(done.seen).toHaveLength(1);
});

test("does not wait for a server that keeps the connection open after the end", async () => {
  const { base, close } = await server(
    (response) => void stream(response, piece({ content: "a" }), piece({}, "stop"), END),
  );
  const events = await eventsOf(clientFor(base).model, asks("x"));
  await close();
  expect(events.at(-1)).toMatchObject({ type: "done", content: "a" });
});

test("keeps an answer whose connection breaks after its end", async () => {
  const { base, seen, close } = await server(
    (response) =>
      void stream(response, piece({ content: "a" }), piece({}, "stop")).write(" ", () => response.destroy()),
  );
  const events = await eventsOf(clientFor(base).model, asks("x"));
  await close();
  expect(events.at(-1)).toMatchObject({ type: "done", content: "a" });
  expect(seen).toHaveLength(1);
});

test("tries again when a piece is not JSON", async () => {
  const { base, close } = await server(
    (response) => void stream(response, piece({ content: "a" }), 'data: {"choices":[{"del\n\n').end(),
    (response) => good(response),
  );
  const events = await eventsOf(clientFor(base).model, asks("x"));
  await close();
  expect(shown(events)).toBe("good");
});

test.each([
  [{ code: 429, message: "rate limited upstream" }, "rate-limit"],
  [{ code: "context_length_exceeded", message: "too much" }, "context-length"],
  [{ type: "overloaded_error", message: "Overloaded" }, "unavailable"],
  [{ type: "invalid_request_error", message: "bad tool" }, "bad-request"],
])("understands an error inside the stream: %j", async (error, kind) => {
  const { base, close } = await server((response) =>
    stream(response, `data: ${JSON.stringify({ error })}\n\n`).end(),
  );
  const events = await eventsOf(clientFor(base).model, asks("x"));
  await close();
  expect(events.at(-1)).toMatchObject({ type: "error", failure: { kind } });
});

test("cuts a stream that stalls and tries again", async () => {
  const { base, seen, close } = await server(
    (response) => void stream(response, piece({ content: "it hangs" })),
    (response) => good(response),
  );
  const events = await eventsOf(clientFor(base, { stallMs: 1000 }).model, asks("x"));
  await close();
  expect(seen).toHaveLength(2);
  expect(shown(events)).toBe("good");
});

test("says that it stalled when it does so every time, even where fetch heeds no signal", async () => {
  const deaf = () => new Promise<Response>(() => {});
  const events = await eventsOf(
    clientFor("http://127.0.0.1:9/v1", { stallMs: 5, fetch: deaf as typeof fetch }).model,
    asks("x"),
  );
  expect(events).toMatchObject([{ type: "error", failure: { kind: "stalled" } }]);
});

test("takes comments that keep the connection alive as bytes", async () => {
  const comments = 22;
  const { base, seen, close } = await server((response) => {
    stream(response, piece({ content: "a" }));
    let sent = 0;
    const timer = setInterval(() => {
      response.write(": PROCESSING\n\n");
      if (++sent < comments) return;
      clearInterval(timer);
      response.end(piece({ content: "b" }) + piece({}, "stop") + END);
    }, 50);
  });
  const events = await eventsOf(clientFor(base, { stallMs: 1000 }).model, asks("x"));
  await close();
  expect(events.at(-1)).toMatchObject({ type: "done", content: "ab" });
  expect(seen).toHaveLength(1);
});

test("emits nothing after an abort but that it was stopped", async () => {
  const { base, close } = await server(
    (response) =>
      void stream(response, piece({ content: "a" }), piece({ content: "b" }), piece({ content: "c" })),
  );
  const stop = new AbortController();
  const types: string[] = [];
  for await (const event of clientFor(base).model.stream(asks("x", { signal: stop.signal }))) {
    types.push(event.type === "error" ? event.failure.kind : event.type);
    stop.abort();
  }
  await close();
  expect(types).toEqual(["text", "aborted"]);
});

test("sends no request and costs nothing when it was stopped before", async () => {
  const { base, seen, close } = await server((response) => good(response));
  const events = await eventsOf(clientFor(base).model, asks("x", { signal: AbortSignal.abort() }));
  await close();
  expect(events).toMatchObject([
    { type: "error", failure: { kind: "aborted" }, usage: { inputTokens: 0, outputTokens: 0 } },
  ]);
  expect(seen).toHaveLength(0);
});

test("ends at once when it is stopped while it waits for the next try", async () => {
  const { base, seen, close } = await server(
    (response) => void stream(response, piece({ content: "a" })).end(),
  );
  const stop = new AbortController();
  const sleep = async () => stop.abort();
  const events = await eventsOf(clientFor(base, { sleep }).model, asks("x", { signal: stop.signal }));
  await close();
  expect(events.map(({ type }) => type)).toEqual(["text", "error"]);
  expect(events.at(-1)).toMatchObject({ failure: { kind: "aborted" } });
  expect(seen).toHaveLength(1);
});

test("asks the budget before it tries again", async () => {
  const { base, seen, close } = await server(refuse(500, { message: "down" }));
  const asked: number[] = [];
  const again = ({ inputTokens }: { inputTokens: number }) => asked.push(inputTokens) < 2;
  const events = await eventsOf(clientFor(base).model, asks("x", { again }));
  await close();
  expect(seen).toHaveLength(2);
  expect(asked).toEqual([0, 0]);
  expect(events.at(-1)).toMatchObject({ type: "error", failure: { kind: "unavailable" } });
});

const secret = "very-own-key-0123456789";

test.each([
  [`Incorrect API key provided: ${secret}.`],
  [`<html><body>Bearer ${secret}</body></html>`],
  ["key sk-abcdefghijklmnop is wrong"],
])("repeats no key in an error: %s", async (message) => {
  const { base, close } = await server(refuse(401, { message }));
  const last = (await eventsOf(clientFor(base, { apiKey: secret }).model, asks("x"))).at(-1);
  await close();
  expect(JSON.stringify(last)).not.toMatch(/very-own-key|abcdefghijklmnop/);
});

test("repeats no key that cannot be sent", async () => {
  const last = (
    await eventsOf(clientFor("http://127.0.0.1:9/v1", { apiKey: `${secret}\n` }).model, asks("x"))
  ).at(-1);
  expect(last?.type).toBe("error");
  expect(JSON.stringify(last)).not.toContain("very-own-key");
});

test("sends the key, and none where there is none", async () => {
  const { base, seen, close } = await server((response) => good(response));
  await eventsOf(clientFor(base, { apiKey: secret }).model, asks("x"));
  await eventsOf(clientFor(base).model, asks("x"));
  await close();
  expect(seen.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${secret}`, undefined]);
});

test("says so when nobody answers at the address", async () => {
  const { base, close } = await server((response) => good(response));
  await close();
  expect((await eventsOf(clientFor(base).model, asks("x"))).at(-1)).toMatchObject({
    type: "error",
    failure: { kind: "unavailable" },
  });
});

test("sends the conversation as the wire wants it", async () => {
  const { base, seen, close } = await server((response) => good(response));
  const messages: ChatMessage[] = [
    { role: "system", content: "rules" },
    { role: "user", content: "see", images: [{ dataUrl: "data:image/png;base64,AA==" }] },
    {
      role: "assistant",
      content: "",
      toolCalls: [{ id: "1", name: "grep", arguments: "{broken", extra: { sig: 1 } }],
    },
    { role: "tool", callId: "1", content: "Error: not JSON" },
    { role: "assistant", content: "", toolCalls: [] },
    { role: "user", content: "go on" },
  ];
  await eventsOf(clientFor(base).model, asks("", { messages }));
  await close();
  expect(seen[0]!.body.messages).toEqual([
    { role: "system", content: "rules" },
    {
      role: "user",
      content: [
        { type: "text", text: "see" },
        { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } },
      ],
    },
    {
      role: "assistant",
      content: null,
      tool_calls: [
        {
          id: "1",
          type: "function",
          function: { name: "grep", arguments: '{"malformed":"{broken"}' },
          extra_content: { sig: 1 },
        },
      ],
    },
    { role: "tool", tool_call_id: "1", content: "Error: not JSON" },
    { role: "user", content: "go on" },
  ]);
});

test.each([
  ["openai", "gpt-4.1-mini", { max_completion_tokens: 100, temperature: 0.7 }],
  ["openai", "o3-mini", { max_completion_tokens: 100 }],
  ["openai", "gpt-5-mini", { max_completion_tokens: 100 }],
  ["groq", "openai/gpt-oss-120b", { max_tokens: 100, temperature: 0.7 }],
  ["openrouter", "openai/o3", { max_tokens: 100 }],
  ["custom", "llama3.1:8b", { max_tokens: 100, temperature: 0.7 }],
])("sends the parameters that %s takes for %s", async (provider, model, expected) => {
  const { base, seen, close } = await server((response) => good(response));
  await eventsOf(clientFor(base, { provider, model }).model, asks("x"));
  await close();
  const { max_tokens, max_completion_tokens, temperature } = seen[0]!.body;
  expect(JSON.parse(JSON.stringify({ max_tokens, max_completion_tokens, temperature }))).toEqual(expected);
  expect(seen[0]!.body).toMatchObject({ model, stream: true, stream_options: { include_usage: true } });
});

test("learns which parameters a server refuses, once for all later calls", async () => {
  const { base, seen, close } = await server(
    refuse(400, {
      message:
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    }),
    refuse(400, { message: "invalid temperature: only 1 is allowed for this model" }),
    (response) => good(response),
  );
  const { model, pauses } = clientFor(base);
  const first = await eventsOf(model, asks("x"));
  const second = await eventsOf(model, asks("y"));
  await close();
  expect([first.at(-1)?.type, second.at(-1)?.type]).toEqual(["done", "done"]);
  expect(seen).toHaveLength(4);
  expect(pauses).toEqual([]);
  expect(seen[3]!.body).toMatchObject({ max_completion_tokens: 100 });
  expect(seen[3]!.body).not.toHaveProperty("temperature");
});

test("gives up on a server that refuses the same parameter for ever", async () => {
  const { base, seen, close } = await server(
    refuse(400, { message: "temperature, max_completion_tokens and stream_options are wrong" }),
  );
  const events = await eventsOf(clientFor(base).model, asks("x"));
  await close();
  expect(events.at(-1)).toMatchObject({ type: "error", failure: { kind: "bad-request" } });
  expect(seen.length).toBeLessThanOrEqual(4);
});

test.each([
  [
    "openai",
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
  ],
  [
    "openai, newer",
    "Your input exceeds the context window of this model. Please adjust your input and try again.",
  ],
  ["anthropic", "prompt is too long: 208310 tokens > 200000 maximum"],
  [
    "anthropic, with the answer",
    "input length and `max_tokens` exceed context limit: 198000 + 4096 > 200000",
  ],
  ["gemini", "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."],
  ["groq", "Please reduce the length of the messages or completion."],
  ["zhipu", "Prompt exceeds max length"],
  ["moonshot", "Invalid request: Your request exceeded model token limit: 8192"],
  ["vllm", "The decoder prompt (length 5000) is longer than the maximum model length of 4096."],
  ["llama.cpp", "the request exceeds the available context size, try increasing it"],
  [
    "workers-ai",
    "The estimated number of input and maximum output tokens (9000) exceeded this model context window limit (7968).",
  ],
])("knows a conversation that is too long in the words of %s", async (_, message) => {
  const { base, seen, close } = await server(refuse(400, { message }));
  const events = await eventsOf(clientFor(base).model, asks("x"));
  await close();
  expect(events.at(-1)).toMatchObject({ type: "error", failure: { kind: "context-length" } });
  expect(seen).toHaveLength(1);
});

test.each([
  ["image exceeds 5 MB maximum"],
  ["model not found"],
  ["temperature must be below 2"],
  ["Invalid schema for function 'grep'"],
])("does not take another refusal for a conversation that is too long: %s", async (message) => {
  const { base, close } = await server(refuse(400, { message }));
  const events = await eventsOf(clientFor(base).model, asks("x"));
  await close();
  expect(events.at(-1)).toMatchObject({ type: "error", failure: { kind: "bad-request" } });
});

test("tries again when the provider itself says that the answer went wrong", async () => {
  const { base, seen, close } = await server(
    (response) => stream(response, piece({ content: "half" }), piece({}, "error")).end(),
    (response) => good(response),
  );
  const events = await eventsOf(clientFor(base).model, asks("x"));
  await close();
  expect(seen).toHaveLength(2);
  expect(shown(events)).toBe("good");
});
