import { expect, inject, test } from "vitest";
import type { ModelEvent, ModelRequest } from "../../agent/model.ts";
import { openaiModel } from "../../agent/models/openai.ts";
import { Peers } from "./peers-client.ts";

const addresses = inject("peers");
const peers = new Peers(addresses);

/** The client as workerd runs it; pauses take no time. */
const model = openaiModel({
  provider: "custom",
  model: "scripted",
  baseURL: addresses.modelBase,
  apiKey: "",
  now: () => 0,
  random: () => 0.5,
  stallMs: 2500,
  sleep: async () => {},
});

function asks(content: string, signal = new AbortController().signal): ModelRequest {
  return { messages: [{ role: "user", content }], tools: [], maxTokens: 100, temperature: 0.7, signal };
}

async function eventsOf(request: ModelRequest): Promise<ModelEvent[]> {
  const events: ModelEvent[] = [];
  for await (const event of model.stream(request)) events.push(event);
  return events;
}

test.each(["cut", "stall"] as const)(
  "in workerd, a %s in the middle of a stream begins the answer again",
  async (trouble) => {
    const key = `workerd-${trouble}`;
    await peers.script(
      key,
      { text: "this will never be whole", chunkSize: 4, after: 3, trouble },
      { text: "all of it" },
    );
    const events = await eventsOf(asks(key));
    expect(events.filter(({ type }) => type === "restart")).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ type: "done", content: "all of it" });
  },
);

test("in workerd, a refusal is sorted by its status", async () => {
  await peers.script("workerd-refuse", { error: { status: 401, message: "wrong key" }, forever: true });
  expect(await eventsOf(asks("workerd-refuse"))).toMatchObject([
    { type: "error", failure: { kind: "auth" } },
  ]);
});

test("in workerd, an abort ends the request at the provider too", async () => {
  await peers.script("workerd-abort", {
    text: "it goes on and on",
    chunkSize: 2,
    after: 3,
    trouble: "stall",
  });
  const stop = new AbortController();
  const events: ModelEvent[] = [];
  for await (const event of model.stream(asks("workerd-abort", stop.signal))) {
    events.push(event);
    stop.abort();
  }
  expect(events.map(({ type }) => type)).toEqual(["text", "error"]);
  await expect.poll(async () => (await peers.requests("workerd-abort"))[0]?.aborted).toBe(true);
});
