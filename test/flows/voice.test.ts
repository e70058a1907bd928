import { expect, test } from "vitest";
import { roomWith } from "./other-env.ts";
import { deliver, direct, fresh, inGroup, peers, register, room } from "./talk.ts";

const GROQ = { GROQ_API_KEY: "gsk_flow" };

/** A chat of its own that is known to the assistant already. */
async function chatWith(): Promise<number> {
  const chat = fresh();
  await deliver(direct(chat, "hello"));
  await peers.shown(chat, 1);
  return chat;
}

/** A voice message; `said` is what its bytes hold. */
async function voice(chat: number, said: string, more: Record<string, unknown> = {}) {
  const file = `voice-${fresh()}`;
  await peers.file(file, `OggS ${said}`);
  const sent = { file_id: file, file_unique_id: file, duration: 3, mime_type: "audio/ogg", file_size: 99 };
  return { file, update: direct(chat, "", { text: undefined, voice: sent, ...more }) };
}

const shownToModel = (request: { body: { messages: unknown } }) => JSON.stringify(request.body.messages);

test("a voice message is written down once, before the model is asked, counted, and found later", async () => {
  const chat = await chatWith();
  const [sound, key] = [`sound${chat}.`, `words${chat}.`];
  await peers.script(sound, { text: `${key} bring seventeen pumpkins` });
  const list = { toolCalls: [{ name: "list_dir", arguments: { path: "." } }] };
  await peers.script(key, list, { text: "I will." });
  const before = await room(chat).status();
  await roomWith(chat, GROQ, (await voice(chat, sound)).update);
  const [first, second] = await peers.requests(key, 2);
  expect(shownToModel(first!)).toContain(`[voice message, transcribed: ${key} bring seventeen pumpkins]`);
  expect(shownToModel(second!)).toContain("seventeen pumpkins");
  const asked = await peers.requests(sound);
  expect(asked.map(({ authorization }) => authorization)).toEqual(["Bearer gsk_flow"]);
  expect(shownToModel(asked[0]!)).toContain("whisper-large-v3");
  // A minute at Groq's price an hour.
  const { spentUsd } = await room(chat).status();
  expect(spentUsd - before.spentUsd).toBeCloseTo(0.111 / 60, 6);
  const tool = `find${chat}.`;
  const recall = { toolCalls: [{ name: "recall", arguments: { query: "pumpkins" } }] };
  await peers.script(tool, recall, { text: "Found." });
  await deliver(direct(chat, `${tool} what was I to bring?`));
  const [, answered] = await peers.requests(tool, 2);
  const result = answered!.body.messages.findLast(({ role }) => role === "tool");
  expect(result!.content).toContain("seventeen pumpkins");
});

test("where nobody can write it down the turn goes on, and is not held up a second time", async () => {
  const chat = await chatWith();
  const [sound, key] = [`broken${chat}.`, `caption${chat}.`];
  await peers.script(sound, { error: { status: 500, message: "no ears" }, forever: true });
  const list = { toolCalls: [{ name: "list_dir", arguments: { path: "." } }] };
  await peers.script(key, list, { text: "Could you write it?" });
  await roomWith(chat, GROQ, (await voice(chat, sound, { caption: key })).update);
  const [request] = await peers.requests(key, 2);
  expect(shownToModel(request!)).toContain("[voice message, not transcribed]");
  expect(await peers.requests(sound)).toHaveLength(1);
  expect((await peers.shown(chat, 2)).at(-1)).toBe("Could you write it?");
});

test("a voice message that joins a turn is written down before the model is asked again", async () => {
  const chat = await chatWith();
  const [sound, key, gate] = [`joins${chat}.`, `asks${chat}.`, `gate${chat}`];
  await peers.script(sound, { text: "and a lantern" });
  await peers.script(key, { text: "Only one.", after: 0, trouble: { gate } }, { text: "Both." });
  const { update } = await voice(chat, sound);
  const joining = (give: (update: object) => Promise<void>) => {
    void peers.held(gate).then(() => give(update));
    return GROQ;
  };
  await roomWith(chat, joining, direct(chat, `${key} one pumpkin`));
  const [first, second] = await peers.requests(key, 2);
  expect(shownToModel(first!)).not.toContain("lantern");
  expect(shownToModel(second!)).toContain("[voice message, transcribed: and a lantern]");
});

test("what no budget has room for is not sent, and the turn goes on", async () => {
  const chat = await chatWith();
  const [sound, key] = [`dear${chat}.`, `poor${chat}.`];
  await peers.script(key, { text: "Still here." });
  const { update } = await voice(chat, sound, { caption: key });
  // The scripted model has no price, Groq has.
  await roomWith(chat, { ...GROQ, BUDGET_TURN_USD: "0" }, update);
  const [request] = await peers.requests(key, 1);
  expect(shownToModel(request!)).toContain("[voice message, not transcribed]");
  expect(await peers.requests(sound)).toHaveLength(0);
});

test("without a key the chat is told once how to set one, and each turn goes on", async () => {
  const chat = await chatWith();
  for (const said of ["one", "two"]) {
    const key = `${said}${chat}.`;
    await peers.script(key, { text: `Read ${said}.` });
    await deliver((await voice(chat, said, { caption: key })).update);
    const [request] = await peers.requests(key, 1);
    expect(shownToModel(request!)).toContain("[voice message, not transcribed]");
    await peers.shown(chat, said === "one" ? 3 : 4);
  }
  const told = (await peers.shown(chat)).filter((text) => text.includes("GROQ_API_KEY"));
  expect(told).toHaveLength(1);
  expect((await room(chat).status()).voice).toBe("not set up");
});

test("in a group, what outsiders say is not fetched; what a member said before is heard when a turn reads it", async () => {
  const chat = -fresh();
  await register(chat);
  const [outside, inside] = [`outside${-chat}.`, `inside${-chat}.`];
  await peers.script(inside, { text: "the train leaves at nine" });
  const there = inGroup(chat, "").message.chat;
  const stranger = { id: 6666, is_bot: false, first_name: "Mallory" };
  const foreign = await voice(chat, outside, { chat: there, from: stranger });
  const own = await voice(chat, inside, { chat: there });
  await deliver(foreign.update);
  await deliver(own.update);
  expect(await peers.requests(inside)).toHaveLength(0);
  const key = `when${-chat}.`;
  await peers.script(key, { text: "At nine." });
  await roomWith(chat, GROQ, inGroup(chat, `@Flare ${key} when?`));
  const [request] = await peers.requests(key, 1);
  expect(shownToModel(request!)).toContain("[voice message, transcribed: the train leaves at nine]");
  expect(shownToModel(request!)).toContain("[voice message, not transcribed]");
  expect(await peers.requests(outside)).toHaveLength(0);
  const fetched = (await peers.calls({ method: "getFile" })).map(({ body }) => body.file_id);
  expect(fetched).toContain(own.file);
  expect(fetched).not.toContain(foreign.file);
});

test("a turn listens to ten recordings at most, the newest of what was said before", async () => {
  const chat = -fresh();
  await register(chat);
  const [sound, key] = [`much${-chat}.`, `which${-chat}.`];
  await peers.script(sound, { text: "la la la", forever: true });
  const there = inGroup(chat, "").message.chat;
  for (let n = 0; n < 12; n++)
    await deliver((await voice(chat, `${sound} number ${n};`, { chat: there })).update);
  await peers.script(key, { text: "That one." });
  await roomWith(chat, GROQ, inGroup(chat, `@Flare ${key} which song?`));
  await peers.requests(key, 1);
  const heard = (await peers.requests(sound)).map(
    (request) => /number (\d+);/.exec(shownToModel(request))![1],
  );
  expect(heard).toEqual(["11", "10", "9", "8", "7", "6", "5", "4", "3", "2"]);
});
