import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import type { WrittenSettings } from "../../agent/group-settings.ts";
import { soon } from "../soon.ts";
import { call, directory, newGroup, obeys } from "./obey.ts";
import { deliver, fresh, inGroup, peers, register, room } from "./talk.ts";

const ANN = { from: { id: 1001, is_bot: false, first_name: "Ann" } };
const BOB = { from: { id: 1002, is_bot: false, first_name: "Bob" } };

async function set(chat: number, settings: WrittenSettings): Promise<void> {
  expect(await directory().configure(`telegram:${chat}`, settings)).toMatchObject({ ok: true });
}

/** Says something that is answered, and answers the model's request. */
async function answered(
  chat: number,
  words = (key: string) => `@Flare ${key}`,
  who: Record<string, unknown> = ANN,
) {
  const key = `asked-${fresh()}.`;
  const before = (await peers.shown(chat)).length;
  await peers.script(key, { text: `Yes, ${key}` });
  await deliver(inGroup(chat, words(key), who));
  expect((await peers.shown(chat, before + 1)).at(-1)).toContain(key);
  const { body } = (await peers.requests(key, 1))[0]!;
  return { model: body.model, prompt: JSON.stringify(body.messages) };
}

/** Says something that wakes nobody. */
async function unanswered(chat: number, text: string, who: Record<string, unknown> = ANN): Promise<void> {
  await deliver(inGroup(chat, text, who));
  expect(await room(chat).status()).toMatchObject({ waiting: 0, running: false });
}

test("who may wake it is who main chose, and others are context or, in the mode drop, not stored", async () => {
  const chat = await newGroup();
  const said = async () => JSON.stringify(await room(chat).history({ limit: 50 }));
  await answered(chat, undefined, BOB);
  await set(chat, { allow: ["telegram:1001"] });
  await unanswered(chat, "@Flare the tent is green", BOB);
  expect((await answered(chat)).prompt).toContain("the tent is green");
  await set(chat, { allow: [], mode: "drop" });
  await unanswered(chat, "@Flare the boat is red", ANN);
  expect(await said()).not.toContain("the boat is red");
  await set(chat, { allow: "everyone", mode: "normal" });
  expect((await answered(chat, undefined, BOB)).prompt).not.toContain("the boat is red");
});

test("a group has its own trigger, or needs none, and goes back to the install's", async () => {
  const [chat, other] = [await newGroup(), await newGroup()];
  await set(chat, { trigger: "小助手" });
  await unanswered(chat, "Flare who is there");
  await answered(chat, (key) => `小助手 ${key}`);
  await unanswered(other, "小助手 who is there");
  await set(chat, { requiresTrigger: "no" });
  await answered(chat, (key) => `so ${key} it is`);
  await unanswered(other, "so it is");
  await set(chat, { requiresTrigger: "default", trigger: "default" });
  await unanswered(chat, "so it is again");
  await answered(chat);
});

test("a group's model and time zone are its own, from the next answer on", async () => {
  const [chat, other] = [await newGroup(), await newGroup()];
  await set(chat, { model: "scripted-large", timezone: "Pacific/Kiritimati" });
  const mine = await answered(chat);
  expect(mine.model).toBe("scripted-large");
  expect(mine.prompt).toContain("Pacific/Kiritimati");
  const theirs = await answered(other);
  expect(theirs.model).toBe("scripted");
  expect(theirs.prompt).not.toContain("Kiritimati");
});

test("a group's own budget ends its answers and nobody else's", async () => {
  const [chat, other] = [await newGroup(), await newGroup()];
  const key = `poor-${fresh()}`;
  await peers.script(key, { text: "Not for that." });
  await set(chat, { budgetTokens: 1 });
  await deliver(inGroup(chat, `@Flare ${key}`));
  expect(await peers.shown(chat, 1)).toEqual([expect.stringMatching(/budget.*this chat/i)]);
  expect(await peers.requests(key)).toEqual([]);
  await answered(other);
  await set(chat, { budgetTokens: null });
  await answered(chat);
});

test("a paused group keeps what is said, says so once, rests, and goes on when it is resumed", async () => {
  const chat = await newGroup();
  const at = `telegram:${chat}`;
  const [key, gone] = [`paused-${fresh()}.`, `again-${fresh()}.`];
  await peers.script(key, { text: `Late, ${key}` });
  await peers.script(gone, { text: `Late, ${gone}` });
  await directory().pause(true, at);
  const asker = { id: "1001", name: "Ann", from: at, main: false, agent: false, thread: "" } as const;
  const task = { message: "Stretch now.", schedule_type: "once", schedule_value: "1s" } as const;
  const asked = { ...asker, trust: "member", key, trace: key } as const;
  expect(await room(chat).tasks({ verb: "schedule", task }, asked)).toMatchObject({ ok: true });
  await deliver(inGroup(chat, `@Flare ${key}`));
  await deliver(inGroup(chat, `@Flare ${gone}`));
  expect(await peers.shown(chat, 1)).toEqual([expect.stringContaining("paused")]);
  expect(await room(chat).status()).toMatchObject({ waiting: 2, running: false });
  expect(await peers.requests(key)).toEqual([]);
  const alarm = () => runInDurableObject(room(chat), (_, state) => state.storage.getAlarm());
  await expect.poll(alarm).toBeNull();
  await directory().pause(false, at);
  const late = await peers.shown(chat, 3);
  expect(late.filter((text) => text.includes("paused"))).toHaveLength(1);
  expect(late.join("\n")).toContain("Late");
  await expect.poll(async () => (await peers.shown(chat)).join("\n")).toContain("Stretch now.");
});

test("a folder stays its chat's own until main gives it away, and the old chat gets another", async () => {
  const [old, heir, stranger] = [await newGroup(), -fresh(), -fresh()];
  const write = (content: string) => call("write_file", { path: "MEMORY.md", content });
  await obeys(old, [write("The heron is first.")]);
  await obeys(old, [write("The heron is second.")]);
  const { folder } = (await directory().find(`telegram:${old}`))!;
  expect(await directory().remove(`telegram:${old}`)).toMatchObject({
    said: expect.stringMatching(new RegExp(`files are kept.*${folder}`)),
  });
  await register(stranger);
  const [nothing] = await obeys(stranger, [call("read_file", { path: "MEMORY.md" })]);
  expect(nothing).not.toContain("heron");
  await deliver(inGroup(heir, "@Flare hello"));
  expect(await directory().register(`telegram:${heir}`, undefined, folder)).toMatchObject({ ok: true });
  const [read] = await obeys(heir, [call("read_file", { path: "MEMORY.md" })]);
  expect(read).toContain("The heron is second.");
  await soon(async () =>
    expect((await directory().register(`telegram:${old}`)).said).toContain("is registered"),
  );
  expect((await directory().find(`telegram:${old}`))!.folder).not.toBe(folder);
  const [again, list] = await obeys(old, [call("read_file", { path: "MEMORY.md" }), call("list_dir")]);
  expect(again).not.toContain("heron");
  expect(list).toContain("HEARTBEAT.md");
  await obeys(old, [write("The old chat's own.")]);
  expect(await obeys(heir, [call("read_file", { path: "MEMORY.md" })])).toEqual(["The heron is second."]);
});
