import { expect, test } from "vitest";
import { deliver, direct, fresh, inGroup, peers, register, room } from "./talk.ts";

const broken = { status: 502, description: "Bad Gateway", method: "sendMessage" };

test("a send that Telegram could not take is made again, and the answer is there once", async () => {
  const chat = fresh();
  const key = `later-${chat}`;
  await peers.fault(chat, broken, { ...broken, status: 500, description: "Internal Server Error" });
  await peers.script(key, { text: "In the end." });
  await deliver(direct(chat, `${key} go`));
  expect(await peers.shown(chat, 3, 20_000)).toEqual(["In the end."]);
});

test("a send whose connection broke before it arrived is made again", async () => {
  const chat = fresh();
  const key = `early-${chat}`;
  await peers.fault(chat, { cut: "before", method: "sendMessage" });
  await peers.script(key, { text: "Here after all." });
  await deliver(direct(chat, `${key} go`));
  expect(await peers.shown(chat, 2, 15_000)).toEqual(["Here after all."]);
  expect(await room(chat).deadLetters()).toEqual([]);
});

test("a send that stays unknown is repeated once, listed, and sent again by hand", async () => {
  const chat = fresh();
  const key = `unknown-${chat}`;
  const cut = { cut: "before" as const, method: "sendMessage" };
  await peers.fault(chat, cut, cut);
  await peers.script(key, { text: "Lost twice." });
  await deliver(direct(chat, `${key} go`));
  await peers.calls({ chatId: chat, atLeast: 2 });
  await expect.poll(async () => (await room(chat).deadLetters()).length).toBe(1);
  const [letter] = await room(chat).deadLetters();
  expect(letter).toMatchObject({ state: "unknown", text: "Lost twice." });
  await room(chat).resend(letter!.id);
  expect(await peers.shown(chat, 3)).toEqual(["Lost twice."]);
});

test("a chat that blocked the bot is given up and listed, and nothing waits behind it", async () => {
  const chat = fresh();
  const [key, next] = [`blocked-${chat}`, `unblocked-${chat}`];
  await peers.fault(chat, { status: 403, description: "Forbidden: bot was blocked by the user" });
  await peers.script(key, { text: "Nobody reads this." });
  await deliver(direct(chat, `${key} go`));
  await expect.poll(async () => (await room(chat).deadLetters())[0]?.state).toBe("failed");
  await peers.script(next, { text: "Welcome back." });
  await deliver(direct(chat, `${next} go`));
  expect(await peers.shown(chat, 2)).toEqual(["Welcome back."]);
});

test("later parts of an answer wait for an earlier one", async () => {
  const chat = fresh();
  const key = `parts-${chat}`;
  const text = Array.from({ length: 1500 }, (_, index) => `word${index}`).join(" ");
  await peers.fault(chat, broken);
  await peers.script(key, { text, chunkSize: 20_000 });
  await deliver(direct(chat, `${key} go`));
  const said = async () => (await peers.shown(chat)).join(" ");
  await expect.poll(said, { timeout: 15_000 }).toContain("word1499");
  expect((await said()).split(/\s+/)).toEqual(text.split(" "));
});

test("a slow answer in a direct chat shows typing and drafts, and is then sent once, whole", async () => {
  const chat = fresh();
  const key = `draft-${chat}`;
  const text = Array.from({ length: 12 }, (_, index) => `piece ${index}`).join(", ");
  await peers.script(key, { text, chunkSize: 10, paceMs: 500 });
  await deliver(direct(chat, `${key} go`));
  expect(await peers.calls({ chatId: chat, method: "sendChatAction", atLeast: 1 })).not.toEqual([]);
  const [draft] = await peers.calls({ chatId: chat, method: "sendMessageDraft", atLeast: 1 });
  const drafted = String(draft!.body.text);
  expect(drafted).not.toBe("");
  expect(text.startsWith(drafted)).toBe(true);
  expect(await peers.shown(chat, 1)).toEqual([text]);
});

test("in a group the answer is a reply to the message that woke it", async () => {
  const chat = -fresh();
  await register(chat);
  const key = `reply-${-chat}`;
  await peers.script(key, { text: "You asked." });
  const update = inGroup(chat, `@Flare ${key} hello`);
  await deliver(update);
  const [call] = await peers.calls({ chatId: chat, atLeast: 1 });
  expect(call!.body.reply_parameters).toMatchObject({ message_id: update.message.message_id });
});

test("the model reads what a message answers", async () => {
  const chat = fresh();
  const key = `quote-${chat}`;
  await peers.script(key, { text: "Yes." });
  const quoted = {
    message_id: fresh(),
    date: 1,
    chat: { id: chat, type: "private" },
    from: { id: 1002, is_bot: false, first_name: "Bob" },
    text: "shall we meet at the heron's pond?",
  };
  await deliver(direct(chat, `${key} what does he mean?`, { reply_to_message: quoted }));
  await peers.shown(chat, 1);
  const read = JSON.stringify((await peers.requests(key, 1))[0]!.body.messages);
  expect(read).toMatch(/> .*Bob.*shall we meet at the heron's pond/);
});

test("a photo lands in the workspace, and the model is told where, also when it cannot be fetched", async () => {
  const chat = fresh();
  const key = `photo-${chat}`;
  const photo = (id: string) => [{ file_id: id, file_unique_id: id, width: 10, height: 10, file_size: 7 }];
  await peers.file(`photo-${chat}`, "\u0089PNG...");
  await peers.script(key, { text: "A heron." });
  await deliver(
    direct(chat, "", { text: undefined, photo: photo(`photo-${chat}`), caption: `${key} what?` }),
  );
  await peers.shown(chat, 1);
  const read = async (of: string) => JSON.stringify((await peers.requests(of, 1))[0]!.body.messages);
  expect(await read(key)).toMatch(/\+ .*\/workspace\/group\/attachments\//);
  const gone = `gone-${chat}`;
  await peers.script(gone, { text: "I cannot see it." });
  await deliver(direct(chat, "", { text: undefined, photo: photo(`none-${chat}`), caption: `${gone} and?` }));
  await peers.shown(chat, 2);
  expect(await read(gone)).toMatch(/\+ image/);
});

/** What the model reads of a photo whose download breaks off so often. */
async function afterBreaks(times: number): Promise<string> {
  const chat = fresh();
  const [key, file] = [`torn-${chat}`, `torn-file-${chat}`];
  await peers.file(file, "half of a heron");
  const fault = { cut: "after" as const, method: "file" };
  await peers.fault(file, ...Array.from({ length: times }, () => fault));
  await peers.script(key, { text: "I have looked." });
  const photo = [{ file_id: file, file_unique_id: file, width: 10, height: 10, file_size: 15 }];
  await deliver(direct(chat, "", { text: undefined, photo, caption: `${key} what is it?` }));
  expect(await peers.shown(chat, 1)).toEqual(["I have looked."]);
  return JSON.stringify((await peers.requests(key, 1))[0]!.body.messages);
}

test("a download that breaks off is made again, and one that always does ends no turn: the model is told", async () => {
  const [once, always] = await Promise.all([afterBreaks(1), afterBreaks(9)]);
  expect(once).toMatch(/\+ .*\/workspace\/group\/attachments\//);
  expect(always).toMatch(/not here \(the download broke off\)/);
});

test("/stop ends a turn whose download hangs", async () => {
  const chat = fresh();
  const [key, file] = [`hang-${chat}`, `hang-file-${chat}`];
  await peers.file(file, "a very long film");
  await peers.fault(file, { gate: key, method: "file" });
  const photo = [{ file_id: file, file_unique_id: file, width: 10, height: 10, file_size: 16 }];
  await deliver(direct(chat, "", { text: undefined, photo, caption: `${key} what is it?` }));
  await peers.held(key);
  await deliver(direct(chat, "/stop", { entities: [{ type: "bot_command", offset: 0, length: 5 }] }));
  expect((await peers.shown(chat, 2)).sort()).toEqual(["Stopped.", "Stopping."]);
  expect(await peers.requests(key)).toEqual([]);
  await peers.open(key);
});
