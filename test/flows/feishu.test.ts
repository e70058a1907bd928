import { env, exports } from "cloudflare:workers";
import { expect, inject, test } from "vitest";
import { encrypted, signed } from "./feishu-signing.ts";
import { fresh, peers } from "./talk.ts";

const { botOpenId } = inject("peers").feishu;
const BOT = { key: "@_user_1", id: { open_id: botOpenId }, name: "Flare" };

/** What Feishu would send for a text in a direct chat. */
function direct(chatId: string, text: string, more: Record<string, unknown> = {}) {
  const message = {
    message_id: `om_${fresh()}`,
    create_time: String(Date.now()),
    chat_id: chatId,
    chat_type: "p2p",
    message_type: "text",
    content: JSON.stringify({ text }),
    ...more,
  };
  const header = {
    event_id: String(fresh()),
    event_type: "im.message.receive_v1",
    token: "flow-verification-token",
  };
  const sender = { sender_id: { open_id: "ou_ann" }, sender_type: "user" };
  return { schema: "2.0", header, event: { sender, message } };
}

async function deliver(event: unknown, key = "flow-encrypt-key"): Promise<Response> {
  const body = JSON.stringify(await encrypted(event, key));
  const headers = await signed(body, key);
  return exports.default.fetch(
    new Request("http://flare.test/webhook/feishu", { method: "POST", headers, body }),
  );
}

const room = (chatId: string) => env.GROUP.getByName(`feishu:${chatId}`);
const chat = () => `oc_${fresh()}`;

/** The messages that people see in a chat, as text. */
async function shown(containing: string, atLeast: number): Promise<string[]> {
  const calls = (await peers.feishuCalls(containing, atLeast)).filter(({ status }) => status === 200);
  return calls.map(({ body }) => String(body.content));
}

test("a message to Feishu is answered once, however often it comes", async () => {
  const [chatId, key] = [chat(), `feishu-${fresh()}`];
  await peers.script(key, { text: "Good **morning**." });
  const event = direct(chatId, `${key} hello`);
  for (let i = 0; i < 3; i++) {
    event.header.event_id = String(fresh());
    expect((await deliver(event)).status).toBe(200);
  }
  expect(await shown(chatId, 1)).toEqual([expect.stringContaining('"text":"morning","style":["bold"]')]);
  await expect.poll(async () => (await room(chatId).status()).waiting).toBe(0);
  expect(await shown(chatId, 1)).toHaveLength(1);
});

test("an answer whose markup Feishu refuses is sent once more, as plain text", async () => {
  const [chatId, key] = [chat(), `feishu-${fresh()}`];
  await peers.feishuRefuses(chatId, 230001);
  await peers.script(key, { text: "Good **evening**." });
  expect((await deliver(direct(chatId, `${key} hello`))).status).toBe(200);
  const calls = await peers.feishuCalls(chatId, 2);
  expect(calls.map(({ body, status }) => [body.msg_type, status])).toEqual([
    ["post", 400],
    ["text", 200],
  ]);
  expect(calls[1]!.body.content).toBe('{"text":"Good evening."}');
  expect(calls[1]!.body.uuid).toBe(calls[0]!.body.uuid);
});

test("a group's question is answered in its thread, with a sign under it while the work lasts", async () => {
  const [chatId, key, gate] = [chat(), `feishu-${fresh()}`, `gate-${fresh()}`];
  const inGroup = (text: string, more = {}) =>
    direct(chatId, text, { chat_type: "group", thread_id: "omt_1", mentions: [BOT], ...more });
  await deliver(inGroup("@_user_1 hello"));
  await env.DIRECTORY.getByName("directory").register(`feishu:${chatId}`);
  await peers.script(key, { text: "In the thread.", after: 0, trouble: { gate } });
  const event = inGroup(`@_user_1 ${key} go`);
  const { message_id: messageId } = event.event.message;
  await peers.feishuAdmits({ messageId, chatId, senderId: "ou_ann", text: "go", chatType: "group" });
  await deliver(event);
  await peers.feishuCalls(`${messageId}/reactions`, 1);
  await peers.open(gate);
  const [answer] = await peers.feishuCalls(`${messageId}/reply`, 1);
  expect(answer).toMatchObject({ status: 200, body: { msg_type: "post", reply_in_thread: true } });
  const signs = await peers.feishuCalls(`${messageId}/reactions`, 3);
  expect(signs.map(({ method }) => method)).toEqual(["POST", "GET", "DELETE"]);
});

test("what is signed with another key is refused, and nothing is stored", async () => {
  const chatId = chat();
  expect((await deliver(direct(chatId, "hello"), "another-key")).status).toBe(401);
  expect(await room(chatId).history({ limit: 10 })).toEqual([]);
});

test("the address is confirmed", async () => {
  const question = { type: "url_verification", challenge: "c-1", token: "flow-verification-token" };
  const answer = await deliver(question);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ challenge: "c-1" });
});
