import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { call, directory, newMain, obeys } from "./obey.ts";
import { fresh, peers } from "./talk.ts";

test("what goes to many chats waits for the bot's allowance, and what somebody waits for passes it", async () => {
  const chat = `oc_${fresh()}`;
  const address = `feishu:${chat}` as const;
  const room = env.GROUP.getByName(address);
  const say = (text: string) =>
    room.receive({
      kind: "message",
      address,
      key: `message:${fresh()}`,
      chat: { id: chat, type: "direct" },
      sentAt: Date.now(),
      messageId: `om_${fresh()}`,
      sender: { id: "ou_ann", name: "Ann", isBot: false },
      text,
      mentioned: false,
      attachments: [],
    });
  const key = `first-${fresh()}`;
  await peers.script(key, { text: "The answer." });
  const main = await newMain();
  // Other chats of the bot have taken the next seconds.
  await directory().lease("feishu", 50);
  const before = Date.now();
  await say(`${key} hello`);
  await room.notify(`news-${chat}`, "The news.");
  const shown = async (atLeast: number) =>
    (await peers.feishuCalls(chat, atLeast)).map(({ body }) => String(body.content));
  expect((await shown(1))[0]).toContain("The answer.");
  await obeys(main, [call("send_message", { text: "From main.", to: address })]);
  expect((await shown(2))[1]).toContain("From main.");
  const news = (await shown(3)).filter((content) => content.includes("The news."));
  expect(news).toHaveLength(1);
  expect(Date.now() - before).toBeGreaterThanOrEqual(4000);
});
