import { expect, test } from "vitest";
import type { ChosenModel, ModelEvent, ModelFailure, ModelRequest, Usage } from "../../../agent/model.ts";
import { withFallbacks } from "../../../agent/models/fallback.ts";
import { asks, eventsOf, shown } from "./talk.ts";

/** A model that plays its events and keeps what it was asked. */
function plays(
  name: string,
  events: ModelEvent[],
  changes: Partial<ChosenModel["choice"]> = {},
): ChosenModel & { asked: ModelRequest[] } {
  const asked: ModelRequest[] = [];
  async function* stream(request: ModelRequest) {
    asked.push(request);
    yield* events;
  }
  const price = ({ inputTokens }: Usage) => inputTokens / 1000;
  const choice = {
    provider: "custom",
    model: name,
    why: "",
    contextWindow: 1000,
    vision: true,
    price,
    ...changes,
  };
  return { choice, model: { stream }, asked };
}

const usage = { inputTokens: 100, outputTokens: 10 };
const says = (text: string): ModelEvent => ({ type: "text", delta: text });
const done = (content: string): ModelEvent => ({
  type: "done",
  content,
  toolCalls: [],
  usage,
  model: "m",
  cut: false,
});
const fails = (kind: ModelFailure["kind"]): ModelEvent => ({
  type: "error",
  failure: { kind, message: "no" },
  usage,
  model: "m",
});

test.each(["rate-limit", "unavailable", "stalled"] as const)("asks the next model after %s", async (kind) => {
  const [first, second] = [plays("a", [fails(kind)]), plays("b", [says("hi"), done("hi")])];
  const events = await eventsOf(withFallbacks([first, second]), asks("x"));
  expect(events.map(({ type }) => type)).toEqual(["text", "done"]);
});

test.each(["auth", "bad-request", "context-length", "aborted"] as const)(
  "does not ask the next model after %s",
  async (kind) => {
    const [first, second] = [plays("a", [fails(kind)]), plays("b", [done("hi")])];
    const events = await eventsOf(withFallbacks([first, second]), asks("x"));
    expect(events).toMatchObject([{ type: "error", failure: { kind } }]);
    expect(second.asked).toHaveLength(0);
  },
);

test("takes back what a failed model had shown", async () => {
  const models = [
    plays("a", [says("half"), fails("unavailable")]),
    plays("b", [says("whole"), done("whole")]),
  ];
  const events = await eventsOf(withFallbacks(models), asks("x"));
  expect(events.map(({ type }) => type)).toEqual(["text", "restart", "text", "done"]);
  expect(shown(events)).toBe("whole");
});

test("takes nothing back twice", async () => {
  const restart: ModelEvent = { type: "restart", reason: "", model: "a" };
  const models = [plays("a", [says("half"), restart, fails("unavailable")]), plays("b", [done("")])];
  expect((await eventsOf(withFallbacks(models), asks("x"))).map(({ type }) => type)).toEqual([
    "text",
    "restart",
    "done",
  ]);
});

test("counts all that was spent, each part at its own model's price", async () => {
  const models = [plays("a", [fails("stalled")]), plays("b", [done("ok")], { price: () => 7 })];
  const last = (await eventsOf(withFallbacks(models), asks("x"))).at(-1);
  expect(last).toMatchObject({ type: "done", usage: { inputTokens: 200, outputTokens: 20, usd: 7.1 } });
});

test("ends with the last model's failure when all fail", async () => {
  const models = [plays("a", [fails("stalled")]), plays("b", [fails("rate-limit")])];
  expect((await eventsOf(withFallbacks(models), asks("x"))).at(-1)).toMatchObject({
    type: "error",
    failure: { kind: "rate-limit" },
  });
});

test("asks the budget for room at the next model's price", async () => {
  const [first, second] = [plays("a", [fails("stalled")]), plays("b", [done("ok")], { price: () => 7 })];
  const asked: [number, number | undefined][] = [];
  const again: ModelRequest["again"] = (spent, next) => {
    asked.push([spent.inputTokens, next?.price(usage)]);
    return false;
  };
  const events = await eventsOf(withFallbacks([first, second]), asks("x", { again }));
  expect(asked).toEqual([[100, 7]]);
  expect(events).toMatchObject([{ type: "error", failure: { kind: "stalled" } }]);
  expect(second.asked).toHaveLength(0);
});

test("tells the budget of a fallback's tries what went before them", async () => {
  const asked: number[] = [];
  const again: ModelRequest["again"] = ({ inputTokens }) => asked.push(inputTokens) > 0;
  const second = plays("b", [done("ok")]);
  await eventsOf(withFallbacks([plays("a", [fails("stalled")]), second]), asks("x", { again }));
  second.asked[0]!.again!({ inputTokens: 5, outputTokens: 0 });
  expect(asked).toEqual([100, 105]);
});

test("shows no picture to a model that cannot see, and says that there was one", async () => {
  const blind = plays("b", [done("ok")], { vision: false });
  const messages = [
    { role: "user" as const, content: "look", images: [{ dataUrl: "data:image/png;base64,AA==" }] },
  ];
  await eventsOf(withFallbacks([plays("a", [fails("stalled")]), blind]), asks("", { messages }));
  expect(blind.asked[0]!.messages[0]).toEqual({
    role: "user",
    content: expect.stringMatching(/look\n.*1 picture not shown/),
  });
});
