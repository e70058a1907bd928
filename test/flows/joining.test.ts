import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { deliver, direct, fresh, inGroup, peers, register, room } from "./talk.ts";

/** Everything that the model read in its last request of this conversation. */
async function lastRead(key: string, atLeast: number): Promise<string> {
  const requests = await peers.requests(key, atLeast);
  return JSON.stringify(requests.at(-1)!.body.messages);
}

test("a message that comes while a tool's turn goes on joins it", async () => {
  const chat = fresh();
  const key = `join-${chat}`;
  const gate = `send-${chat}`;
  await peers.script(
    key,
    { text: "", toolCalls: [{ name: "list_dir", arguments: {} }], after: 1, trouble: { gate } },
    { text: "Both seen." },
  );
  await deliver(direct(chat, `${key} look at the files`));
  await peers.held(gate);
  // The first token is out: this one is too late for the call and joins at the next boundary.
  await deliver(direct(chat, "and be quick"));
  await peers.open(gate);
  expect(await peers.shown(chat, 1)).toEqual(["Both seen."]);
  expect(await lastRead(key, 2)).toContain("and be quick");
});

test("a message during the last model call gets an answer of its own right after", async () => {
  const chat = fresh();
  const key = `late-${chat}`;
  const gate = `late-${chat}`;
  const second = `second-${chat}`;
  await peers.script(key, { text: "The first answer.", after: 2, trouble: { gate } });
  await peers.script(second, { text: "The second answer." });
  await deliver(direct(chat, `${key} first`));
  await peers.held(gate);
  await deliver(direct(chat, `${second} second`));
  await peers.open(gate);
  expect(await peers.shown(chat, 2)).toEqual(["The first answer.", "The second answer."]);
});

test("/stop ends the running turn, says so, and the next message is answered", async () => {
  const chat = fresh();
  const key = `stop-${chat}`;
  const gate = `stop-${chat}`;
  await peers.script(key, { text: "Never seen.", after: 1, trouble: { gate } });
  await deliver(direct(chat, `${key} go`));
  await peers.held(gate);
  await deliver(direct(chat, "/stop", { entities: [{ type: "bot_command", offset: 0, length: 5 }] }));
  const next = `after-${chat}`;
  await peers.script(next, { text: "Here again." });
  await deliver(direct(chat, `${next} still there?`));
  const shown = await peers.shown(chat, 3);
  expect(shown).toContain("Here again.");
  expect(shown.join("\n")).toMatch(/stopp/i);
  expect(shown.join("\n")).not.toContain("Never seen");
  await peers.open(gate);
});

test("/new starts a conversation that does not see the one before", async () => {
  const chat = fresh();
  const [before, after] = [`before-${chat}`, `after-${chat}`];
  await peers.script(before, { text: "Noted." });
  await deliver(direct(chat, `${before} the code word is heron`));
  await peers.shown(chat, 1);
  await deliver(direct(chat, "/new", { entities: [{ type: "bot_command", offset: 0, length: 4 }] }));
  await peers.shown(chat, 2);
  await peers.script(after, { text: "I do not know." });
  await deliver(direct(chat, `${after} what is the code word?`));
  await peers.shown(chat, 3);
  expect(await lastRead(after, 1)).not.toContain("heron");
});

test("a conversation sees what was said and answered before", async () => {
  const chat = fresh();
  const [first, second] = [`first-${chat}`, `then-${chat}`];
  await peers.script(first, { text: "A heron it is." });
  await deliver(direct(chat, `${first} the code word is heron`));
  await peers.shown(chat, 1);
  await peers.script(second, { text: "Heron." });
  await deliver(direct(chat, `${second} what is the code word?`));
  await peers.shown(chat, 2);
  const read = await lastRead(second, 1);
  expect(read).toContain("the code word is heron");
  expect(read).toContain("A heron it is.");
});

test("updates out of order and with restarted numbers are each answered once", async () => {
  const chat = fresh();
  const updates = ["c", "a", "b"].map((word) => ({
    word,
    update: direct(chat, `order-${chat}-${word} hello`),
  }));
  for (const [index, { word, update }] of updates.entries()) {
    await peers.script(`order-${chat}-${word}`, { text: `Answer ${word}.` });
    // Telegram may start its numbers again.
    await deliver({ ...update, update_id: 100 - index });
    await peers.shown(chat, index + 1);
    await deliver({ ...update, update_id: 5 });
  }
  expect(await peers.shown(chat, 3)).toEqual(["Answer c.", "Answer a.", "Answer b."]);
});

test("an edited message that was answered is recorded and not answered again", async () => {
  const chat = fresh();
  const [key, next] = [`edit-${chat}`, `edited-${chat}`];
  await peers.script(key, { text: "Answered." });
  const original = direct(chat, `${key} see you at five`);
  await deliver(original);
  await peers.shown(chat, 1);
  const { message } = original;
  await deliver({
    update_id: fresh(),
    edited_message: { ...message, text: `${key} see you at six`, edit_date: Number(message.date) + 5 },
  });
  await peers.script(next, { text: "At six." });
  await deliver(direct(chat, `${next} when?`));
  expect(await peers.shown(chat, 2)).toEqual(["Answered.", "At six."]);
  expect(await lastRead(next, 1)).toContain("see you at six");
});

test("the pieces of an album are taken together", async () => {
  const chat = fresh();
  const key = `album-${chat}`;
  await peers.script(key, { text: "Three pictures." });
  for (const part of [1, 2, 3]) {
    const file = `album-${chat}-${part}`;
    await peers.file(file, `picture ${part}`);
    const photo = [{ file_id: file, file_unique_id: file, width: 10, height: 10, file_size: 9 }];
    const caption = part === 1 ? { caption: `${key} look` } : {};
    await deliver(direct(chat, "", { text: undefined, photo, media_group_id: `g${chat}`, ...caption }));
  }
  expect(await peers.shown(chat, 1)).toEqual(["Three pictures."]);
  expect(await peers.requests(key, 1)).toHaveLength(1);
});

test("nothing is armed when nothing is due", async () => {
  const chat = -fresh();
  await register(chat);
  const key = `idle-${-chat}`;
  await peers.script(key, { text: "Done." });
  await deliver(inGroup(chat, `@Flare ${key} hello`));
  await peers.shown(chat, 1);
  await expect.poll(() => runInDurableObject(room(chat), (_, state) => state.storage.getAlarm())).toBeNull();
  await deliver(inGroup(chat, "just chatting"));
  expect(await runInDurableObject(room(chat), (_, state) => state.storage.getAlarm())).toBeNull();
});

test("an edit of a message that still waits takes its place", async () => {
  const chat = fresh();
  const [key, next] = [`busy-${chat}`, `replaced-${chat}`];
  const gate = `busy-${chat}`;
  const first = "The first answer takes its time. ".repeat(10).trim();
  await peers.script(key, { text: first, chunkSize: 10, after: 8, trouble: { gate } });
  await deliver(direct(chat, `${key} first`));
  // Once a draft is shown, the answer has begun and nothing joins it.
  await peers.calls({ chatId: chat, method: "sendMessageDraft", atLeast: 1 });
  const waiting = direct(chat, "see you at five");
  await deliver(waiting);
  const { message } = waiting;
  await peers.script(next, { text: "At six, then." });
  await deliver({
    update_id: fresh(),
    edited_message: { ...message, text: `${next} see you at six`, edit_date: Number(message.date) + 5 },
  });
  await peers.open(gate);
  expect(await peers.shown(chat, 2)).toEqual([first, "At six, then."]);
  const read = await lastRead(next, 1);
  expect(read).toContain("see you at six");
  expect(read).not.toContain("see you at five");
});

test("an edit of a message that is being answered is there for the next answer", async () => {
  const chat = fresh();
  const [key, next] = [`reading-${chat}`, `reread-${chat}`];
  await peers.script(key, { text: "Five it is.", after: 2, trouble: { gate: key } });
  const original = direct(chat, `${key} see you at five`);
  await deliver(original);
  await peers.held(key);
  const { message } = original;
  await deliver({
    update_id: fresh(),
    edited_message: { ...message, text: `${key} see you at six`, edit_date: Number(message.date) + 5 },
  });
  await peers.open(key);
  expect(await peers.shown(chat, 1)).toEqual(["Five it is."]);
  await peers.script(next, { text: "At six." });
  await deliver(direct(chat, `${next} when?`));
  expect(await peers.shown(chat, 2)).toEqual(["Five it is.", "At six."]);
  const read = await lastRead(next, 1);
  expect(read).toContain("see you at six (edited)");
  expect(read).not.toContain("see you at five");
});
