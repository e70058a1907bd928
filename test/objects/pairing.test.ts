import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Message } from "../../channels/channel.ts";
import { addressOf } from "../../channels/channel.ts";
import { soon } from "../soon.ts";

/** No variable is set here: registration and pairing decide who is heard. */
let serial = 0;

function message(channel: string, chat: string, text: string): Message {
  const id = String(++serial);
  const command = /^\/(\w+) ?(.*)$/.exec(text);
  return {
    kind: "message",
    address: addressOf(channel, chat),
    key: `message:${id}`,
    chat: { id: chat, type: "direct", title: `Person ${chat}` },
    sentAt: Date.now(),
    messageId: id,
    sender: { id: chat, name: `Person ${chat}`, isBot: false },
    text,
    mentioned: false,
    attachments: [],
    ...(command ? { command: { name: command[1]!, args: command[2]! } } : {}),
  };
}

function say(channel: string, chat: string, text: string) {
  const event = message(channel, chat, text);
  return env.GROUP.getByName(event.address).receive(event);
}

const heard = async (address: string) =>
  (await env.GROUP.getByName(address).history({ limit: 100 })).map(({ text }) => text);

/** What was said to a chat, also before it was registered. */
const said = (address: string) =>
  runInDurableObject(env.GROUP.getByName(address), (_, state) =>
    state.storage.sql
      .exec<{ text: string }>("select text from outbox order by id")
      .toArray()
      .map(({ text }) => text),
  );

test("a stranger gets one code and no answer, and is answered once main approves", async () => {
  const chat = "8001";
  const address = `telegram:${chat}`;
  expect(await say("telegram", chat, "let me in")).toMatchObject({ outcome: "dropped" });
  expect(await say("telegram", chat, "hello?")).toMatchObject({ outcome: "dropped" });
  const [told, ...more] = await said(address);
  expect(more).toEqual([]);
  const code = /\/approve ([A-Z0-9]{8})/.exec(told!)![1]!;
  await soon(async () => expect((await heard("web:main")).join("\n")).toContain(code));

  expect(await say("telegram", "8002", `/approve ${code}`)).toMatchObject({ outcome: "dropped" });
  expect(await say("telegram", chat, `/approve ${code}`)).toMatchObject({ outcome: "dropped" });

  await say("web", "main", `/approve ${code}`);
  await soon(async () =>
    expect(await env.GROUP.getByName(address).status()).toMatchObject({ registered: true, main: false }),
  );
  // They are told once, however often the code is sent.
  await say("web", "main", `/approve ${code}`);
  await soon(async () => expect((await said(address)).join("\n")).toContain("you may talk to me now"));
  expect(await say("telegram", chat, "now?")).toMatchObject({ outcome: "accepted" });
  expect((await heard(address)).join("\n")).not.toContain("let me in");
  expect((await said(address)).filter((text) => text.includes("you may talk to me now"))).toHaveLength(1);
});

test("who makes the chat main after a code was given is not told that an owner let them in", async () => {
  const chat = "8010";
  const address = `telegram:${chat}` as const;
  await say("telegram", chat, "hello");
  await say("telegram", chat, `/main ${await env.DIRECTORY.getByName("directory").mainCode()}`);
  await soon(async () => expect(await env.GROUP.getByName(address).status()).toMatchObject({ main: true }));
  await soon(async () => expect((await said(address)).join("\n")).toContain("main now"));
  expect((await said(address)).join("\n")).not.toContain("let you in");
  await env.DIRECTORY.getByName("directory").remove(address);
});

test("of a stranger who guesses codes nothing is kept, and the answers end", async () => {
  const chat = "8003";
  const address = `telegram:${chat}`;
  for (const wrong of ["", ..."ABCDEFGHIJ"])
    expect(await say("telegram", chat, `/main ${wrong}`)).toMatchObject({ outcome: "dropped" });
  const told = await said(address);
  expect(told).toHaveLength(4);
  expect(told[0]).toMatch(/Write \/main and the code/);
  for (const text of told.slice(1, 3)) expect(text).toMatch(/not valid/);
  expect(told[3]).toMatch(/Too many wrong codes/);
  const kept = await runInDurableObject(env.GROUP.getByName(address), (_, state) =>
    ["inbox", "messages"].map((table) => state.storage.sql.exec(`select text from ${table}`).toArray()),
  );
  expect(JSON.stringify(kept)).not.toMatch(/\/main [A-J]/);
  const code = await env.DIRECTORY.getByName("directory").mainCode();
  expect(await say("telegram", "8004", `/main ${code}`)).toMatchObject({ outcome: "accepted" });
  expect(await env.GROUP.getByName("telegram:8004").status()).toMatchObject({ main: true });
});
