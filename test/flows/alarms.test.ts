import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { deliver, direct, fresh, peers, room } from "./talk.ts";

const armed = (chat: number) => runInDurableObject(room(chat), (_, state) => state.storage.getAlarm());

/** Ends a chat's object at once, as a crash does. */
const abort = (chat: number) =>
  runInDurableObject(room(chat), (_, state) => state.abort("crashed by a test")).catch(() => {});

test("an answer leaves nothing armed", async () => {
  const chat = fresh();
  const key = `idle-${chat}`;
  await peers.script(key, { toolCalls: [{ name: "list_dir", arguments: {} }] }, { text: "Done." });
  await deliver(direct(chat, `${key} hello`));
  await peers.shown(chat, 1);
  await expect.poll(() => armed(chat)).toBeNull();
});

test("while a model is asked an alarm is armed, and it takes the turn up after a crash", async () => {
  const chat = fresh();
  const key = `crash-${chat}`;
  const gate = `crash-${chat}`;
  await peers.script(key, { text: "Never seen.", trouble: { gate } }, { text: "After the crash." });
  await deliver(direct(chat, `${key} hello`));
  await peers.held(gate);
  expect(await armed(chat)).not.toBeNull();
  await abort(chat);
  await runDurableObjectAlarm(room(chat));
  expect(await peers.shown(chat, 1)).toEqual(["After the crash."]);
  await peers.open(gate);
  await expect.poll(() => armed(chat)).toBeNull();
});

test("a crashed turn does not make a finished tool call again", async () => {
  const chat = fresh();
  const key = `once-${chat}`;
  const gate = `once-${chat}`;
  const append = {
    toolCalls: [{ name: "bash", arguments: { command: "echo x >> log.txt; wc -l < log.txt" } }],
  };
  await peers.script(key, append, { text: "Never seen.", trouble: { gate } }, { text: "Once." });
  await deliver(direct(chat, `${key} hello`));
  await peers.held(gate);
  await abort(chat);
  await runDurableObjectAlarm(room(chat));
  expect(await peers.shown(chat, 1)).toEqual(["Once."]);
  await peers.open(gate);
  const results = (await peers.requests(key, 3)).at(-1)!.body.messages.filter(({ role }) => role === "tool");
  expect(results).toHaveLength(1);
  expect(String(results[0]!.content).trim()).toMatch(/^1\b/);
});

test("an idle chat that was evicted remembers everything", async () => {
  const chat = fresh();
  const [first, second] = [`before-${chat}`, `after-${chat}`];
  await peers.script(first, { text: "Noted." });
  await deliver(direct(chat, `${first} the code word is heron`));
  await peers.shown(chat, 1);
  await expect.poll(() => armed(chat)).toBeNull();
  await evictDurableObject(room(chat));
  await peers.script(second, { text: "Heron." });
  await deliver(direct(chat, `${second} what is it?`));
  expect(await peers.shown(chat, 2)).toEqual(["Noted.", "Heron."]);
  expect(JSON.stringify((await peers.requests(second, 1))[0]!.body.messages)).toContain("code word is heron");
});
