import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { Address, Message } from "../../channels/channel.ts";

/** No variable is set here: a console of the install is registered by its first message. */
const directory = env.DIRECTORY.getByName("directory");

function say(chat: string, text: string) {
  const address: Address = `cli:${chat}`;
  const event: Message = {
    kind: "message",
    address,
    key: `message:${text}`,
    chat: { id: chat, type: "direct" },
    sentAt: Date.now(),
    messageId: text,
    sender: { id: chat, name: "Owner", isBot: false },
    text,
    mentioned: false,
    attachments: [],
  };
  return env.GROUP.getByName(address).receive(event);
}

const paused = async (name: string) => (await directory.find(name))?.paused === true;

test("a chat that comes while all are paused is paused too, until all go on", async () => {
  expect(await directory.pause(true, undefined)).toMatchObject({ ok: true });
  await say("main", "hello");
  expect(await paused("cli:main")).toBe(true);
  expect(await env.GROUP.getByName("cli:main").status()).toMatchObject({ waiting: 1, running: false });

  await directory.pause(false, undefined);
  expect(await paused("cli:main")).toBe(false);
  await say("main", "hello again");
  expect(await paused("cli:main")).toBe(false);
});
