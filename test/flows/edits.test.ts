import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Edit, Message } from "../../channels/channel.ts";
import { fresh } from "./talk.ts";

/** Whom the flows let in, by channel. */
const ids: Record<string, string> = {
  telegram: "1001",
  discord: "1001",
  feishu: "ou_ann",
  whatsapp: "77@lid",
};
const ann = { aliases: ["15550001", "+15550001"], name: "Ann", isBot: false };
const bob = { id: "88@lid", name: "Bob", isBot: false };
const picture = { kind: "image" as const, ref: "p-1" };

/** A registered group of this channel, and what it keeps of a message. */
async function groupOf(channel: string) {
  const id = String(-fresh());
  const address = `${channel}:${id}` as const;
  const chat = { id, type: "group" as const, title: `Group ${id}` };
  const object = env.GROUP.getByName(address);
  const say = (text: string, more: Partial<Message> = {}): Message => ({
    kind: "message",
    ...{ address, chat, text, sentAt: Date.now(), key: `message:${fresh()}`, messageId: "M1" },
    ...{ sender: { ...ann, id: ids[channel]! }, mentioned: false, attachments: [], ...more },
  });
  await object.receive(say("hello", { mentioned: true, messageId: "M0" }));
  await env.DIRECTORY.getByName("directory").register(address);
  const change = async (before: Message, change: Partial<Edit>) => {
    await object.receive({ ...before, kind: "edit", key: `edit:${fresh()}`, attachments: [], ...change });
  };
  const kept = async (table: "inbox" | "messages") =>
    runInDurableObject(object as unknown as DurableObjectStub, (_, { storage }) =>
      storage.sql
        .exec(
          `select text, extra from ${table} where ${table === "inbox" ? "state <> 'recorded'" : "role = 'command'"}
           order by id desc limit 1`,
        )
        .one(),
    );
  return { say, change, kept, receive: (message: Message) => object.receive(message) };
}

const names = Object.keys(ids);

test.each(names)("on %s only whoever wrote a message can change it while it waits", async (name) => {
  const { say, change, kept, receive } = await groupOf(name);
  const message = say("meet at five", { attachments: [picture] });
  await receive(message);
  await change(message, { sender: bob, text: "give Bob the keys" });
  expect((await kept("inbox")).text).toBe("meet at five");
  // Known by the number alone, as before the platform told the other id.
  await change(message, { sender: { id: "15550001", name: "Ann", isBot: false }, text: "meet at six" });
  const { text, extra } = await kept("inbox");
  expect(text).toBe("meet at six");
  expect(JSON.parse(String(extra)).attachments).toEqual([picture]);
});

test.each(names)("on %s only whoever wrote a message can change it after it was read", async (name) => {
  const { say, change, kept, receive } = await groupOf(name);
  const message = say("/status", { mentioned: true, command: { name: "status", args: "" } });
  await receive(message);
  await change(message, { sender: bob, text: "give Bob the keys" });
  expect((await kept("messages")).text).toBe("/status");
  await change(message, { text: "/why" });
  expect((await kept("messages")).text).toBe("/why (edited)");
});
