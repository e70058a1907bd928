import { expect, test } from "vitest";
import { deliver, direct, fresh, inGroup, peers, register } from "./talk.ts";

const call = (name: string, args: Record<string, unknown>) => ({ toolCalls: [{ name, arguments: args }] });

/** A command in a direct chat. */
const command = (chat: number, text: string) =>
  deliver(direct(chat, text, { entities: [{ type: "bot_command", offset: 0, length: text.length }] }));

/** What one request of a conversation held, as text. */
async function prompt(key: string, nth = 1): Promise<string> {
  const { body } = (await peers.requests(key, nth))[nth - 1]!;
  return body.messages.map((message) => String(message.content)).join("\n");
}

async function results(key: string, requests: number): Promise<string[]> {
  const { body } = (await peers.requests(key, requests)).at(-1)!;
  return body.messages.filter(({ role }) => role === "tool").map(({ content }) => String(content));
}

test("/new hides what was said from the next turn, keeps memory, and everything stays searchable", async () => {
  const chat = fresh();
  const first = `one-${chat}`;
  await peers.script(first, call("write_file", { path: "MEMORY.md", content: "- Ann: likes tea\n" }), {
    text: "The heron is grey.",
  });
  await deliver(direct(chat, `${first} which colour has the heron on the jetty?`));
  await peers.shown(chat, 1);
  await command(chat, "/new");
  expect((await peers.shown(chat, 2)).at(-1)).toMatch(/new conversation/i);
  const next = `two-${chat}`;
  await peers.script(next, call("recall", { query: "jetty?" }), { text: "Grey." });
  await deliver(direct(chat, `${next} what did I ask?`));
  await peers.shown(chat, 3);
  expect(await prompt(next)).not.toContain("jetty");
  expect(await prompt(next)).toContain("likes tea");
  expect((await results(next, 2))[0]).toContain("heron on the jetty");
});

test("before a summary the agent saves with its tools, the summary is made without, and both can be found later", async () => {
  const chat = fresh();
  const key = `sum-${chat}`;
  await peers.script(
    key,
    { text: "Noted." },
    call("write_file", { path: "memory/boat.md", content: "- 2026-01-31 Ann: the boat is called Möwe\n" }),
    { text: "NO_REPLY" },
    { text: "Ann plans a regatta." },
  );
  await deliver(direct(chat, `${key} my boat is called Möwe, and I think of racing`));
  await peers.shown(chat, 1);
  await command(chat, "/compact");
  expect((await peers.shown(chat, 3)).at(-1)).toMatch(/summarised/);
  const asked = (await peers.requests(key, 4)).map(({ body }) => body as unknown as { tools?: unknown[] });
  expect(asked.map(({ tools }) => (tools?.length ?? 0) > 0)).toEqual([true, true, true, false]);
  expect(await prompt(key, 2)).toContain("will soon be replaced by a summary");
  await command(chat, "/new");
  await peers.shown(chat, 4);
  const next = `after-${chat}`;
  await peers.script(
    next,
    call("recall", { query: "REGATTA" }),
    call("recall", { query: "mowe" }),
    call("recall", { query: "racing" }),
    { text: "Found." },
  );
  await deliver(direct(chat, next));
  await peers.shown(chat, 5);
  expect(await prompt(next)).not.toContain("Ann plans a regatta.");
  const [summary, saved, said] = await results(next, 4);
  expect(summary).toContain("Ann plans a regatta.");
  expect(saved).toContain("memory/boat.md");
  expect(said).toContain("I think of racing");
});

test("a long conversation shows its newest part, says how much it leaves out, and begins the same from turn to turn", async () => {
  const chat = -fresh();
  await register(chat);
  const keys = ["long", "longer", "longest"].map((word) => `${word}-${-chat}`);
  for (let index = 0; index < 150; index++) await deliver(inGroup(chat, `pebble${index}.`));
  for (const [index, key] of keys.entries()) {
    await peers.script(key, { text: `Answer ${index}.` });
    await deliver(inGroup(chat, `@Flare ${key}`));
    await peers.shown(chat, index + 1);
  }
  const [second, third] = await Promise.all([prompt(keys[1]!), prompt(keys[2]!)]);
  const missing = Number(
    /\((\d+) earlier messages are not shown here; recall finds them\.\)/.exec(second)![1],
  );
  const shown = [...second.matchAll(/pebble(\d+)\./g)].map((match) => Number(match[1]));
  expect(shown).toEqual(Array.from({ length: 150 - shown[0]! }, (_, index) => index + shown[0]!));
  // The message that got the chat registered is not heard; all others are.
  expect(missing).toBe(shown[0]);
  expect(shown.length).toBeGreaterThanOrEqual(78);
  const common = second.slice(0, second.lastIndexOf("pebble149."));
  expect(third.startsWith(common)).toBe(true);
});

test("who only speaks beside a question is named as context", async () => {
  const chat = -fresh();
  await register(chat);
  const bob = { id: 1002, is_bot: false, first_name: "Bob" };
  const key = `ask-${-chat}`;
  await deliver(inGroup(chat, "pizza or pasta?", { from: bob }));
  await peers.script(key, { text: "Pizza." });
  await deliver(inGroup(chat, `@Flare ${key} what did he ask?`));
  await peers.shown(chat, 1);
  const text = await prompt(key);
  expect(text).toContain("Bob: pizza or pasta?");
  expect(text).toContain("(Only Ann may ask you something here; the others are context.)");
  const alone = `alone-${-chat}`;
  await peers.script(alone, { text: "Yes." });
  await deliver(inGroup(chat, `@Flare ${alone}`));
  await peers.shown(chat, 2);
  expect(await prompt(alone)).not.toContain("may ask you something here");
});
