import { evictDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { deliver, fresh, inGroup, peers, register, room } from "./talk.ts";

const call = (name: string, args: Record<string, unknown>) => ({ toolCalls: [{ name, arguments: args }] });

/** What `recall` answers to each query, in a turn of the group. */
async function recalled(chat: number, queries: string[], answers: number): Promise<string[]> {
  const key = `ask-${fresh()}`;
  await peers.script(key, ...queries.map((query) => call("recall", { query })), { text: "Found." });
  await deliver(inGroup(chat, `@Flare ${key}`));
  await peers.shown(chat, answers);
  const last = (await peers.requests(key, queries.length + 1)).at(-1)!;
  return last.body.messages
    .filter((message) => message.role === "tool")
    .map((message) => String(message.content));
}

test("every word of a long silence can be found after somebody woke the assistant, also when it was evicted", async () => {
  const chat = -fresh();
  await register(chat);
  const said = Array.from({ length: 450 }, (_, index) => `chatter pebble${index}`);
  for (const text of said) await deliver(inGroup(chat, text));
  const key = `wake-${chat}`;
  await peers.script(key, { text: "I am here." });
  await deliver(inGroup(chat, `@Flare ${key}`));
  await peers.shown(chat, 1);
  await evictDurableObject(room(chat));
  await room(chat).wake();
  const [first, middle, last] = await recalled(chat, ["pebble0", "pebble225", "pebble449"], 2);
  expect(first).toContain("chatter pebble0");
  expect(middle).toContain("chatter pebble225");
  expect(last).toContain("chatter pebble449");
  const shown = await room(chat).history({ limit: 500 });
  expect(shown.filter(({ text }) => text.startsWith("chatter")).map(({ text }) => text)).toEqual(said);
});
