import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { newGroup } from "./obey.ts";
import { deliver, direct, fresh, inGroup, peers, room } from "./talk.ts";

/** What Telegram would send when somebody adds a sign. */
function reaction(chat: number, messageId: number, emoji: string, more: Record<string, unknown> = {}) {
  const message_reaction = {
    chat: { id: chat, type: chat < 0 ? "supergroup" : "private", title: `Group ${chat}` },
    message_id: messageId,
    user: { id: 1002, is_bot: false, first_name: "Bob" },
    date: Math.floor(Date.now() / 1000),
    old_reaction: [],
    new_reaction: [{ type: "emoji", emoji }],
    ...more,
  };
  return { update_id: fresh(), message_reaction };
}

/** What the model reads in the chat's next turn. */
async function nextRead(chat: number): Promise<string> {
  const key = `next-${fresh()}`;
  await peers.script(key, { text: "Seen." });
  await deliver((chat < 0 ? inGroup : direct)(chat, `@Flare ${key}`));
  const [request] = await peers.requests(key, 1);
  return request!.body.messages.map(({ content }) => String(content)).join("\n");
}

test("a reaction wakes nobody, and stands in the next turn with what it is under", async () => {
  const chat = await newGroup();
  const key = `tea-${fresh()}`;
  await peers.script(key, { text: "Tea is ready." });
  const asked = inGroup(chat, `@Flare ${key} is tea ready?`);
  await deliver(asked);
  const before = await peers.calls({ chatId: chat, atLeast: 1 });
  const ours = before.at(-1)!.messageId!;
  const update = reaction(chat, ours, "👍");
  for (let times = 0; times < 3; times++) expect((await deliver(update)).status).toBe(200);
  await deliver(reaction(chat, asked.message.message_id, "🎉"));
  await deliver(reaction(chat, 9_999_999, "🔥"));
  expect((await room(chat).status()).waiting).toBe(0);
  const read = await nextRead(chat);
  expect(read).toMatch(/\] Bob: \(reacted with 👍\)\n> your message: Tea is ready\.\n/);
  expect(read).toMatch(
    new RegExp(`\\] Bob: \\(reacted with 🎉\\)\\n> Ann: @Flare ${key} is tea ready\\?\\n`),
  );
  expect(read).toContain("Bob: (reacted with 🔥 to an older message)");
  expect(read.match(/reacted with 👍/g)).toHaveLength(1);
});

test("a reaction passes the gate: in a chat that nobody registered it is only a reason", async () => {
  const chat = -fresh();
  await deliver(reaction(chat, 5, "👍"));
  await runInDurableObject(room(chat), (_, { storage }) => {
    expect(storage.sql.exec("select count(*) n from inbox").one().n).toBe(0);
    expect(storage.sql.exec("select reason from drops").toArray()).toEqual([
      { reason: "the chat is not registered" },
    ]);
  });
});

test("a sign that is taken away, and a bot's, are no news and no member's word", async () => {
  const chat = await newGroup();
  const signs = { old_reaction: [{ type: "emoji", emoji: "👎" }], new_reaction: [] };
  await deliver(reaction(chat, 5, "", signs));
  await deliver(reaction(chat, 5, "🤖", { user: { id: 77, is_bot: true, first_name: "Botty" } }));
  const read = await nextRead(chat);
  expect(read).not.toContain("👎");
  expect(read).toMatch(/, outside\] Botty: \(reacted with 🤖/);
});

test("a message that is worked on for a while gets eyes, which go when it is answered", async () => {
  const chat = await newGroup();
  const [key, gate] = [`slow-${fresh()}`, `slow-${fresh()}`];
  await peers.script(key, { text: "At last.", after: 0, trouble: { gate } });
  const update = inGroup(chat, `@Flare ${key} go`);
  await deliver(update);
  const [eyes] = await peers.calls({ chatId: chat, method: "setMessageReaction", atLeast: 1 });
  expect(eyes!.body).toMatchObject({
    message_id: update.message.message_id,
    reaction: [{ type: "emoji", emoji: "👀" }],
  });
  await peers.open(gate);
  const calls = await peers.calls({ chatId: chat, method: "setMessageReaction", atLeast: 2 });
  expect(calls[1]!.body).toMatchObject({ message_id: update.message.message_id, reaction: [] });
});

test("eyes that Telegram refuses change nothing", async () => {
  const chat = await newGroup();
  const [key, gate] = [`blind-${fresh()}`, `blind-${fresh()}`];
  await peers.fault(chat, {
    status: 400,
    description: "Bad Request: REACTION_INVALID",
    method: "setMessageReaction",
  });
  await peers.script(key, { text: "All the same.", after: 0, trouble: { gate } });
  const before = (await peers.shown(chat)).length;
  await deliver(inGroup(chat, `@Flare ${key} go`));
  await peers.calls({ chatId: chat, method: "setMessageReaction", atLeast: 1 });
  await peers.open(gate);
  expect((await peers.shown(chat, before + 1)).at(-1)).toBe("All the same.");
  expect((await room(chat).status()).lastError).toBeUndefined();
});
