import { expect, test } from "vitest";
import { roomWith } from "./other-env.ts";
import { modelFaults } from "./peers-client.ts";
import { deliver, direct, fresh, inGroup, peers, register, room } from "./talk.ts";

/** What the tools of a conversation answered, in order. */
function results(request: { body: { messages: { role: string; content: unknown }[] } }): string[] {
  return request.body.messages.filter(({ role }) => role === "tool").map(({ content }) => String(content));
}

test("a rate limit is waited out as the provider asks, and the answer comes once", async () => {
  const chat = fresh();
  const key = `rate-${chat}`;
  await peers.script(key, modelFaults.rateLimited(1), { text: "After the limit." });
  await deliver(direct(chat, `${key} hello`));
  expect(await peers.shown(chat, 1)).toEqual(["After the limit."]);
  const [first, second] = await peers.requests(key, 2);
  expect(second!.at - first!.at).toBeGreaterThanOrEqual(1000);
});

test.each([
  ["an error 500", modelFaults.broken()],
  ["a cut stream", modelFaults.cut("This is never whole, and nobody sees it.")],
])("after %s the model is asked again and people see one whole answer", async (name, fault) => {
  const chat = fresh();
  const key = `again-${chat}-${name.length}`;
  await peers.script(key, fault, { text: "All of it." });
  await deliver(direct(chat, `${key} hello`));
  expect(await peers.shown(chat, 1)).toEqual(["All of it."]);
  expect(await peers.requests(key, 2)).toHaveLength(2);
});

test.each([
  ["that stalls", modelFaults.stalled("This is never whole, and nobody sees it.")],
  ["that never begins", modelFaults.stalled("Nothing of this.", 0)],
])("after a stream %s the model is asked again and people see one whole answer", async (name, fault) => {
  const chat = -fresh();
  await register(chat);
  const key = `stalled-${fresh()}-${name.length}`;
  await peers.script(key, fault, { text: "All of it." });
  await roomWith(chat, { MODEL_STALL_TIMEOUT: "1" }, inGroup(chat, `@Flare ${key} hello`));
  expect(await peers.shown(chat, 1)).toEqual(["All of it."]);
  const [first, second, ...more] = await peers.requests(key, 2);
  expect(second!.at - first!.at).toBeGreaterThanOrEqual(1000);
  expect(more).toEqual([]);
});

test("a provider that stays broken is told, and the next message is tried afresh", async () => {
  const chat = fresh();
  const [key, next] = [`broken-${chat}`, `mended-${chat}`];
  await peers.script(key, { ...modelFaults.broken(), forever: true });
  await deliver(direct(chat, `${key} hello`));
  const [told] = await peers.shown(chat, 1, 20_000);
  expect(told).toMatch(/could not get an answer from the model/);
  await peers.script(next, { text: "Here again." });
  await deliver(direct(chat, `${next} hello`));
  expect((await peers.shown(chat, 2)).at(-1)).toBe("Here again.");
});

test("a refused key is told without another try", async () => {
  const chat = fresh();
  const key = `key-${chat}`;
  await peers.script(key, { ...modelFaults.unauthorized(), forever: true });
  await deliver(direct(chat, `${key} hello`));
  const [told] = await peers.shown(chat, 1);
  expect(told).toMatch(/refused the key.*\/status/);
  expect(await peers.requests(key, 1)).toHaveLength(1);
});

test("a model that stays broken gives way to its fallback", async () => {
  const chat = fresh();
  const key = `fallback-${chat}`;
  const broken = modelFaults.broken();
  await peers.script(key, broken, broken, broken, { text: "From the second." });
  await register(-chat);
  await roomWith(-chat, { MODEL_FALLBACKS: "second-model" }, inGroup(-chat, `@Flare ${key} hello`));
  expect(await peers.shown(-chat, 1, 15_000)).toEqual(["From the second."]);
  const models = (await peers.requests(key, 4)).map(({ body }) => body.model);
  expect(models).toEqual(["scripted", "scripted", "scripted", "second-model"]);
});

test.each([
  ["arguments that are no JSON", modelFaults.malformedCall("read_file"), /not valid JSON/],
  ["arguments of a wrong shape", { toolCalls: [{ name: "read_file", arguments: { path: 7 } }] }, /Wrong arg/],
  ["a tool that does not exist", { toolCalls: [{ name: "fly", arguments: {} }] }, /no tool "fly".*list_dir/],
])("%s are answered to the model, which goes on", async (name, step, answer) => {
  const chat = fresh();
  const key = `bad-${chat}-${name.length}`;
  await peers.script(key, step, { toolCalls: [{ name: "list_dir", arguments: {} }] }, { text: "Recovered." });
  await deliver(direct(chat, `${key} hello`));
  expect(await peers.shown(chat, 1)).toEqual(["Recovered."]);
  const last = (await peers.requests(key, 3)).at(-1)!;
  expect(results(last)[0]).toMatch(answer);
  // A provider that reads the arguments of earlier calls would refuse them as they were.
  const calls = last.body.messages.flatMap(
    ({ tool_calls }) => (tool_calls ?? []) as { function: { arguments: string } }[],
  );
  for (const call of calls) expect(() => JSON.parse(call.function.arguments)).not.toThrow();
});

test("a turn that only calls tools ends at MAX_TURNS and says what it did", async () => {
  const chat = fresh();
  const key = `rounds-${chat}`;
  await peers.script(key, { toolCalls: [{ name: "glob", arguments: { pattern: "*.md" } }], forever: true });
  await deliver(direct(chat, `${key} look`));
  const [told] = await peers.shown(chat, 1, 20_000);
  expect(told).toMatch(/stopped after 25 steps/);
  expect(told!.match(/glob/g)).toHaveLength(1);
  const requests = await peers.requests(key, 25);
  expect(requests).toHaveLength(25);
  const answers = results(requests.at(-1)!);
  expect(answers[1]).not.toMatch(/same call/);
  for (const answer of answers.slice(2)) expect(answer).toMatch(/same call/);
});

test("several calls of one answer are answered in their order", async () => {
  const chat = fresh();
  const key = `several-${chat}`;
  const names = ["c.txt", "a.txt", "b.txt"];
  const write = names.map((path) => ({ name: "write_file", arguments: { path, content: `I am ${path}` } }));
  const read = names.map((path) => ({ name: "read_file", arguments: { path } }));
  await peers.script(key, { toolCalls: write }, { toolCalls: read }, { text: "Read." });
  await deliver(direct(chat, `${key} go`));
  expect(await peers.shown(chat, 1)).toEqual(["Read."]);
  const answers = results((await peers.requests(key, 3)).at(-1)!).slice(3);
  for (const [index, name] of names.entries()) expect(answers[index]).toContain(`I am ${name}`);
});

test("a person in a direct chat gets an answer, also when the model has none", async () => {
  for (const text of ["", "NO_REPLY", "<internal>I would rather not</internal>"]) {
    const chat = fresh();
    const key = `none-${chat}`;
    await peers.script(key, { text });
    await deliver(direct(chat, `${key} hello`));
    const shown = await peers.shown(chat, 1);
    expect(shown).toHaveLength(1);
    expect(shown[0]).not.toMatch(/NO_REPLY|internal|rather not/);
  }
});

test("in a group an empty answer and NO_REPLY send nothing", async () => {
  const chat = -fresh();
  await register(chat);
  for (const [index, text] of ["", "NO_REPLY", " *no_reply*. ", "<internal>hm"].entries()) {
    const key = `silent-${-chat}-${index}`;
    await peers.script(key, { text });
    await deliver(inGroup(chat, `@Flare ${key} hello`));
    await peers.requests(key, 1);
    await expect.poll(async () => (await room(chat).status()).waiting).toBe(0);
  }
  const key = `end-${-chat}`;
  await peers.script(key, { text: "The end." });
  await deliver(inGroup(chat, `@Flare ${key} hello`));
  expect(await peers.shown(chat, 1)).toEqual(["The end."]);
});

test("what the model marks as internal is never sent", async () => {
  const chat = fresh();
  const key = `inner-${chat}`;
  await peers.script(key, {
    text: "<internal>They sound tired.</internal>Good night! <internal>and be quiet",
    chunkSize: 3,
  });
  await deliver(direct(chat, `${key} bye`));
  expect(await peers.shown(chat, 1)).toEqual(["Good night!"]);
  const drafts = await peers.calls({ chatId: chat, method: "*" });
  expect(JSON.stringify(drafts.map(({ body }) => body))).not.toMatch(/tired|quiet/);
});

test("a used-up budget is told, and no model call is made", async () => {
  const chat = -fresh();
  await register(chat);
  const key = `poor-${-chat}`;
  await roomWith(chat, { BUDGET_TURN_TOKENS: "100" }, inGroup(chat, `@Flare ${key} hello`));
  expect(await peers.shown(chat, 1)).toEqual([expect.stringMatching(/budget.*BUDGET_TURN_TOKENS/)]);
  expect(await peers.requests(key)).toEqual([]);
});

test("a used-up day is told once, and again when it was raised and used up again", async () => {
  const chat = -fresh();
  await register(chat);
  const ask = (tokens: string, word: string) =>
    roomWith(chat, { BUDGET_GROUP_TOKENS: tokens }, inGroup(chat, `@Flare ${word}-${-chat} hello`));
  await ask("100", "one");
  await ask("100", "two");
  await ask("200", "three");
  const key = `four-${-chat}`;
  await peers.script(key, { text: "The end." });
  await deliver(inGroup(chat, `@Flare ${key} hello`));
  const used = expect.stringMatching(/this chat today.*BUDGET_GROUP_TOKENS/);
  expect(await peers.shown(chat, 3)).toEqual([used, used, "The end."]);
});
