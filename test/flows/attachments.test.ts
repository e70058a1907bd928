import { env, exports } from "cloudflare:workers";
import { describe, expect, inject, test } from "vitest";
import type { Address } from "../../channels/channel.ts";
import type { SentFile } from "../peers/protocol.ts";
import { soon } from "../soon.ts";
import { call, directory, newGroup, newMain, obeys } from "./obey.ts";
import { deliver, direct, fresh, peers, room } from "./talk.ts";

const HOME = "/workspace/group";
/** What only a picture begins with, in letters. */
const WEBP = "RIFF0000WEBP";
const ADMIN = { authorization: "Bearer flow-admin" };

const write = (path: string, content: string) => call("write_file", { path, content });
const send = (text: string, attachments: string[], more = {}) =>
  call("send_message", { text, attachments, ...more });

/** The files that a chat was sent by one method, with the caption of their message. */
async function sentTo(chat: number, method: string, atLeast = 1) {
  const calls = await peers.calls({ chatId: chat, method, atLeast });
  return calls
    .filter(({ outcome }) => outcome === "shown")
    .map(({ body }) => ({ caption: body.caption, files: body.files as SentFile[] }));
}

/** Puts bytes into a group's folder, as a person's upload comes there. */
async function photo(chat: number, bytes: string): Promise<string> {
  const id = `photo-${fresh()}`;
  await peers.file(id, bytes);
  const sizes = [{ file_id: id, file_unique_id: id, width: 10, height: 10, file_size: bytes.length }];
  const before = (await peers.shown(chat)).length;
  await deliver(direct(chat, "", { text: undefined, photo: sizes, caption: "look" }));
  await peers.shown(chat, before + 1);
  const [result] = await obeys(chat, [call("glob", { pattern: "attachments/*" })]);
  return result!.split("\n").at(-1)!.trim();
}

describe("send_message with attachments", () => {
  test("shows the document with the text beside it, as it was when it was queued", async () => {
    const chat = fresh();
    const results = await obeys(chat, [
      write("reports/may.csv", "day,tea\n1,3\n"),
      send("Your **report**.", ["reports/may.csv"]),
      write("reports/may.csv", "changed afterwards"),
    ]);
    expect(results[1]).toBe("Queued with 1 file.");
    expect(await sentTo(chat, "sendDocument")).toEqual([
      {
        caption: "Your <b>report</b>.",
        files: [expect.objectContaining({ name: "may.csv", type: "text/csv", text: "day,tea\n1,3\n" })],
      },
    ]);
    expect(await peers.shown(chat, 1)).toEqual(["Done."]);
  });

  test("several go as one album, in order, and a name is no other name's neighbour", async () => {
    const chat = fresh();
    await obeys(chat, [
      write('b ü;"x".txt', "two"),
      write("a.txt", "one"),
      send("Both.", ["a.txt", `${HOME}/b ü;"x".txt`, "a.txt"]),
    ]);
    const [album] = await sentTo(chat, "sendMediaGroup");
    expect(album!.files.map(({ name, text }) => [name, text])).toEqual([
      ["a.txt", "one"],
      ["b ü;_x_.txt", "two"],
    ]);
  });

  test("a text too long for a caption goes first, by itself", async () => {
    const chat = fresh();
    const text = "word ".repeat(400).trim();
    await obeys(chat, [write("a.txt", "one"), send(text, ["a.txt"])]);
    expect((await peers.shown(chat, 2))[0]).toBe(text);
    expect(await sentTo(chat, "sendDocument")).toMatchObject([{ files: [{ name: "a.txt" }] }]);
  });

  test("a picture that Telegram cannot show arrives as a file", async () => {
    const chat = fresh();
    await deliver(direct(chat, "hello"));
    await peers.shown(chat, 1);
    const path = await photo(chat, `${WEBP} and more`);
    const refusal = {
      status: 400,
      description: "Bad Request: PHOTO_INVALID_DIMENSIONS",
      method: "sendPhoto",
    };
    await obeys(chat, [send("Shown.", [path])]);
    await peers.fault(chat, refusal);
    await obeys(chat, [send("Not shown.", [path])]);
    expect(await sentTo(chat, "sendPhoto")).toMatchObject([
      { caption: "Shown.", files: [{ type: "image/webp" }] },
    ]);
    expect(await sentTo(chat, "sendDocument")).toMatchObject([{ caption: "Not shown." }]);
  });

  test.each([
    ["a file that is not there", "nothing.txt", "No such file"],
    ["another group's file", "/workspace/../groups/other/MEMORY.md", "No such file"],
    ["a folder", "docs", "is a folder"],
    ["an empty file", "docs/empty.txt", "is empty"],
  ])("refuses %s, and says nothing", async (_, path, why) => {
    const chat = fresh();
    const [, , refused] = await obeys(chat, [
      write("docs/empty.txt", ""),
      write("docs/full.txt", "x"),
      send("Here.", ["docs/full.txt", path]),
    ]);
    expect(refused).toContain(why);
    expect(await peers.shown(chat, 1)).toEqual(["Done."]);
    expect(await sentTo(chat, "sendDocument", 0)).toEqual([]);
  });

  test("what Telegram refuses is told to chat and model, and the text and the other file arrive", async () => {
    const chat = fresh();
    const refusal = { status: 400, description: "Bad Request: file is bad", method: "sendMediaGroup" };
    await peers.fault(chat, refusal, { ...refusal, method: "sendDocument" });
    await obeys(chat, [write("bad.bin", "1"), write("good.bin", "2"), send("Two.", ["bad.bin", "good.bin"])]);
    expect(await sentTo(chat, "sendDocument", 2)).toMatchObject([{ files: [{ name: "good.bin" }] }]);
    const shown = await peers.shown(chat, 3);
    expect(shown).toContain("Two.");
    expect(shown).toContain("I could not send bad.bin: Telegram refused: Bad Request: file is bad.");
    const key = `after-${fresh()}`;
    await peers.script(key, { text: "I know." });
    await deliver(direct(chat, `${key} well?`));
    const [request] = await peers.requests(key, 1);
    expect(JSON.stringify(request!.body.messages)).toContain(`(${HOME}/bad.bin did not arrive in the chat`);
    expect(await room(chat).deadLetters()).toEqual([]);
  });

  test("main sends a file to another group, which keeps it as its own", async () => {
    const [main, other] = [await newMain(), await newGroup()];
    const [, result] = await obeys(main, [
      write("plan.txt", "the plan"),
      send("From main.", ["plan.txt"], { to: `telegram:${other}` }),
    ]);
    expect(result).toBe(`Queued with 1 file for telegram:${other}.`);
    expect(await sentTo(other, "sendDocument")).toMatchObject([
      { caption: "From main.", files: [{ name: "plan.txt", text: "the plan" }] },
    ]);
    const { folder } = (await directory().find(`telegram:${other}`))!;
    const kept = await env.FILES.list({ prefix: `media/${folder}/` });
    expect(kept.objects).toHaveLength(1);
  });

  test("a group's model cannot send its files elsewhere", async () => {
    const [group, other] = [await newGroup(), await newGroup()];
    const [, refused] = await obeys(group, [
      write("plan.txt", "the plan"),
      send("Secret.", ["plan.txt"], { to: `telegram:${other}` }),
    ]);
    expect(refused).not.toContain("Queued");
    expect(await peers.calls({ chatId: other, method: "sendDocument" })).toEqual([]);
  });
});

describe("a file in the console", () => {
  const get = (path: string, headers: Record<string, string> = ADMIN) =>
    exports.default.fetch(new Request(`http://flare.test/api/chat/web:main/${path}`, { headers }));

  async function said(calls: ReturnType<typeof call>[]) {
    const key = `console-${fresh()}`;
    await peers.script(key, { toolCalls: calls }, { text: `End ${key}.` });
    const body = JSON.stringify({ key, text: `${key} go` });
    const headers = { ...ADMIN, "content-type": "application/json" };
    await exports.default.fetch(
      new Request("http://flare.test/api/chat/web:main/messages", { method: "POST", headers, body }),
    );
    const history = async () =>
      (await (await get("history?limit=20")).json()) as { text: string; files?: Record<string, unknown>[] }[];
    await expect.poll(async () => (await history()).some(({ text }) => text === `End ${key}.`)).toBe(true);
    return history();
  }

  test("is named in the history, and downloads under its name, never inside a page", async () => {
    const page = "<script>alert(1)</script>";
    const name = `page ${fresh()}.html`;
    const history = await said([write(name, page), send("A page.", [name])]);
    const [file] = history.find(({ text }) => text === "A page.")!.files!;
    expect(file).toMatchObject({ name, size: page.length, picture: false, path: `${HOME}/${name}` });
    const address = `files/${file!.id}/${encodeURIComponent(name)}`;
    const response = await get(address);
    expect(await response.text()).toBe(page);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
      "x-content-type-options": "nosniff",
    });
    expect((await get(address, {})).status).toBe(401);
    expect((await get(`files/${"0".repeat(64)}/x`)).status).toBe(404);
    expect((await get("files/..%2F..%2Fgroups/x")).status).toBe(404);
  });
});

/** Ann says something there that is meant for the assistant. */
function heard(address: Address, type: "direct" | "group") {
  const [channel, id] = address.split(":") as [string, string];
  return env.GROUP.getByName(address).receive({
    kind: "message",
    address,
    key: `message:${fresh()}`,
    chat: { id, type },
    sentAt: Date.now(),
    messageId: "1",
    sender: { id: channel === "feishu" ? "ou_ann" : "1001", name: "Ann", isBot: false },
    text: "hello",
    mentioned: true,
    attachments: [],
  });
}

test("Discord shows the files of a message in it, once, also after a lost answer", async () => {
  const { channel } = inject("peers").discord;
  const address = `discord:${channel}` as const;
  await heard(address, "group");
  await directory().register(address);
  const main = await newMain();
  await peers.discordCuts(channel);
  const name = `chart-${fresh()}.txt`;
  await obeys(main, [write(name, "a chart"), send(`See ${name}.`, [name], { to: address })]);
  const mine = await soon(async () => {
    const calls = await peers.discordCalls(`/channels/${channel}/messages`);
    const own = calls.filter(({ body }) => body.content === `See ${name}.`);
    expect(own).toHaveLength(2);
    return own;
  });
  expect(mine[0]!.body.nonce).toBe(mine[1]!.body.nonce);
  expect(mine[1]!.body).toMatchObject({
    attachments: [{ id: 0, filename: name }],
    files: [{ name, text: "a chart" }],
  });
  const shown = await peers.discordShown(channel);
  expect(shown.filter((text) => text === `See ${name}.`)).toHaveLength(1);
});

test("Feishu gets the file first, then a message that names it", async () => {
  const chat = `oc_${fresh()}`;
  const address = `feishu:${chat}` as const;
  await heard(address, "direct");
  const main = await newMain();
  const name = `notes-${fresh()}.pdf`;
  await obeys(main, [write(name, "pages"), send("Notes.", [name], { to: address })]);
  const [upload] = await peers.feishuCalls(name, 1);
  expect(upload).toMatchObject({ path: "/im/v1/files", body: { file_type: "pdf", file_name: name } });
  await expect
    .poll(async () => (await peers.feishuCalls(chat)).map(({ body }) => body.content))
    .toContain('{"file_key":"file_1"}');
});
