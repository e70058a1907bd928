import { EventDispatcher, generateChallenge, LoggerLevel } from "@larksuiteoapi/node-sdk";
import { describe, expect, it } from "vitest";
import type { Edit, Message } from "../../../channels/channel.ts";
import { fromEvent, NotAnEvent } from "../../../channels/feishu/from-event.ts";
import { feishu } from "../../../channels/feishu/index.ts";
import {
  type Asked,
  BOT,
  delivered,
  encrypt,
  install,
  missing,
  NOW,
  payload,
  payloadNames,
  post,
  type Reply,
  SENDER,
  secrets,
  signed,
} from "./feishu.ts";

const HOUR_MS = 60 * 60_000;

/** The one message of a payload. */
async function messageOf(event: unknown, answer?: (asked: Asked) => Reply | undefined): Promise<Message> {
  const received = await feishu.receive(delivered(event), install(answer).env);
  expect(received).toMatchObject({ status: 200, events: [{ kind: "message" }] });
  return received.events[0] as Message;
}

const quiet = { error() {}, warn() {}, info() {}, debug() {}, trace() {} };
const dispatcher = () =>
  new EventDispatcher({
    encryptKey: secrets.FEISHU_ENCRYPT_KEY,
    verificationToken: secrets.FEISHU_VERIFICATION_TOKEN,
    logger: quiet,
    loggerLevel: LoggerLevel.error,
  });

describe("the door", () => {
  const event = () => payload("private-text");

  it("takes an event that is encrypted and signed", async () => {
    const { status, events } = await feishu.receive(delivered(event()), install().env);
    expect([status, events.length]).toEqual([200, 1]);
  });

  it("takes the same bytes that the platform's own SDK takes, and refuses what it refuses", async () => {
    const body = encrypt(event());
    const bytes = JSON.stringify(body);
    const seen: unknown[] = [];
    const sdk = dispatcher().register({ "im.message.receive_v1": (data) => void seen.push(data) });
    const invoke = (headers: object) => sdk.invoke(Object.assign(Object.create({ headers }), body));
    await invoke(signed(bytes));
    expect(seen).toHaveLength(1);
    expect((await feishu.receive(post(bytes), install().env)).events).toHaveLength(1);
    const wrong = signed(bytes, "another key");
    await invoke(wrong);
    expect(seen).toHaveLength(1);
    expect((await feishu.receive(post(bytes, wrong), install().env)).status).toBe(401);
  });

  it("checks the bytes, not their JSON: spaces and order may be as they like", async () => {
    const body = `{ "encrypt" :  ${JSON.stringify(encrypt(event()).encrypt)} }\n`;
    expect((await feishu.receive(post(body), install().env)).events).toHaveLength(1);
  });

  it.each([
    ["another key", (body: string) => signed(body, "another key")],
    ["another body", (body: string) => signed(`${body} `)],
    ["no signature", () => ({})],
    ["half a signature", (body: string) => ({ ...signed(body), "x-lark-signature": "" })],
    [
      "the signature cut",
      (body: string) => {
        const headers = signed(body);
        return { ...headers, "x-lark-signature": headers["x-lark-signature"].slice(0, -1) };
      },
    ],
    ["an old signature", (body: string) => signed(body, undefined, (NOW - HOUR_MS) / 1000)],
    ["a signature of the future", (body: string) => signed(body, undefined, (NOW + HOUR_MS) / 1000)],
    [
      "another time than was signed",
      (body: string) => ({
        ...signed(body, undefined, (NOW - HOUR_MS) / 1000),
        "x-lark-request-timestamp": String(NOW / 1000),
      }),
    ],
    ["a time that is none", (body: string) => ({ ...signed(body), "x-lark-request-timestamp": "soon" })],
  ])("refuses %s with 401", async (_, headers) => {
    const body = JSON.stringify(encrypt(event()));
    const { env, asked } = install();
    expect(await feishu.receive(post(body, headers(body)), env)).toMatchObject({ status: 401, events: [] });
    expect(asked).toEqual([]);
  });

  it("refuses an old signature before it reads the body", async () => {
    let read = false;
    const body = new ReadableStream(
      {
        pull(controller) {
          read = true;
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const headers = signed("", undefined, (NOW - HOUR_MS) / 1000);
    const request = new Request("https://flare.test/", {
      method: "POST",
      headers,
      body,
      duplex: "half",
    } as RequestInit);
    expect((await feishu.receive(request, install().env)).status).toBe(401);
    expect(read).toBe(false);
  });

  it.each([
    ["a wrong token", "rvaYgkND1iOiu5MM0E1rncYC6PLtF7JW"],
    ["no token", undefined],
  ])("refuses an event with %s, though it is signed", async (_, wrong) => {
    const one = event();
    one.header.token = wrong;
    expect(await feishu.receive(delivered(one), install().env)).toMatchObject({ status: 401, events: [] });
  });

  it.each(Object.keys(secrets))("refuses everybody where %s is not set, and names it", async (name) => {
    const { env } = install(undefined, { [name]: "" });
    expect(await feishu.receive(delivered(event()), env)).toMatchObject({ status: 401, events: [] });
    expect(feishu.problem(env.vars)).toContain(name);
  });

  it.each(["{", "[]", "null", '"text"', '{"encrypt":"AAAA"}', '{"encrypt":"%%%"}', ""])(
    "answers 400 to a signed %s",
    async (body) => {
      expect(await feishu.receive(post(body), install().env)).toMatchObject({ status: 400, events: [] });
    },
  );

  it("answers 400 to a message without its id, chat, time or sender", async () => {
    for (const field of ["message_id", "chat_id", "create_time"]) {
      const one = event();
      delete one.event.message[field];
      expect((await feishu.receive(delivered(one), install().env)).status).toBe(400);
    }
    const one = event();
    delete one.event.sender;
    expect((await feishu.receive(delivered(one), install().env)).status).toBe(400);
  });

  it("answers 413 above a megabyte, whatever length is claimed", async () => {
    const body = "x".repeat(1024 * 1024 + 1);
    expect((await feishu.receive(post(body), install().env)).status).toBe(413);
  });

  it.each(["GET", "PUT"])("answers 405 to %s", async (method) => {
    const request = new Request("https://flare.test/", { method });
    expect((await feishu.receive(request, install().env)).status).toBe(405);
  });

  it.each(["recalled", "bot-added", "reaction"])(
    "answers 200 to a %s event, of which nothing follows",
    async (name) => {
      const received = await feishu.receive(delivered(payload(name)), install().env);
      expect(received).toMatchObject({ status: 200, events: [] });
    },
  );

  it("answers 200 to an event of version 1.0", async () => {
    const old = {
      uuid: "41b5f371",
      token: secrets.FEISHU_VERIFICATION_TOKEN,
      ts: "1",
      type: "event_callback",
      event: {},
    };
    expect(await feishu.receive(delivered(old), install().env)).toMatchObject({ status: 200, events: [] });
  });
});

describe("the question whether the address is ours", () => {
  const question = (token = secrets.FEISHU_VERIFICATION_TOKEN) => ({
    challenge: "ajls384kdjx98XX",
    token,
    type: "url_verification",
  });

  it.each([
    ["plain", (body: object) => JSON.stringify(body)],
    ["encrypted", (body: object) => JSON.stringify(encrypt(body))],
  ])("is answered, %s, signed or not", async (_, written) => {
    const body = written(question());
    for (const headers of [{}, signed(body)]) {
      const received = await feishu.receive(post(body, headers), install().env);
      expect(received).toEqual({ status: 200, json: { challenge: "ajls384kdjx98XX" }, events: [] });
    }
  });

  it("gets the answer that the platform's own SDK gives", async () => {
    const body = encrypt(question());
    const sdk = generateChallenge(body, { encryptKey: secrets.FEISHU_ENCRYPT_KEY });
    const ours = await feishu.receive(post(JSON.stringify(body), {}), install().env);
    expect(ours.json).toEqual(sdk.challenge);
  });

  it.each([
    ["with a wrong token", JSON.stringify(question("guess"))],
    ["under another key", JSON.stringify(encrypt(question(), "another key"))],
    ["that is too long", JSON.stringify({ ...question(), more: "x".repeat(20_000) })],
  ])("is refused %s", async (_, body) => {
    const received = await feishu.receive(post(body, {}), install().env);
    expect(received.status).toBeGreaterThanOrEqual(400);
    expect(received.json).toBeUndefined();
  });
});

describe("a message", () => {
  it.each(payloadNames)("%s comes in by webhook and by the SDK's dispatcher as the same", async (name) => {
    const { env } = install();
    const { events } = await feishu.receive(delivered(payload(name)), env);
    const handed: unknown[] = [];
    const type = payload(name).header.event_type;
    const sdk = dispatcher().register({ [type]: (data: unknown) => void handed.push(data) });
    await sdk.invoke(payload(name), { needCheck: false });
    expect(await fromEvent(handed[0], env)).toEqual(events);
  });

  it("is known by its message id, however often and under whatever event id it comes", async () => {
    const again = payload("private-text");
    again.header.event_id = "another";
    const keys = [await messageOf(payload("private-text")), await messageOf(again)].map(({ key }) => key);
    expect(keys[0]).toBe(keys[1]);
    expect((await messageOf(payload("group-plain"))).key).not.toBe(keys[0]);
  });

  it("carries its place, its time and who wrote it", async () => {
    expect(await messageOf(payload("group-plain"))).toMatchObject({
      address: "feishu:oc_5ce6d572455d361153b7xx51da133945",
      chat: { id: "oc_5ce6d572455d361153b7xx51da133945", type: "group" },
      sentAt: Number(payload("group-plain").event.message.create_time),
      sender: { id: SENDER, isBot: false },
      text: "nothing for you",
      mentioned: false,
      attachments: [],
    });
    expect((await messageOf(payload("private-text"))).chat.type).toBe("direct");
  });

  it("names people and groups where the app may read their names, and asks once", async () => {
    const names = ({ path }: Asked): Reply => {
      if (path.startsWith(`/contact/v3/users/${SENDER}`))
        return { value: { code: 0, data: { user: { name: "Ada Lovelace" } } } };
      if (path.startsWith("/im/v1/chats/")) return { value: { code: 0, data: { name: "Family Chat" } } };
      return missing;
    };
    const { env, asked } = install(names);
    for (let i = 0; i < 3; i++) {
      const { events } = await feishu.receive(delivered(payload("group-plain")), env);
      expect(events[0]).toMatchObject({ sender: { name: "Ada Lovelace" }, chat: { title: "Family Chat" } });
    }
    expect(asked.map(({ path }) => path.split("/")[1])).toEqual(["auth", "contact", "im"]);
  });

  it("comes in by ids where no name can be had", async () => {
    const { env } = install(({ path }) => (path.startsWith("/auth/") ? missing : undefined));
    const { events } = await feishu.receive(delivered(payload("group-plain")), env);
    expect(events[0]).toMatchObject({ sender: { id: SENDER, name: SENDER } });
  });

  it.each([
    ["image", "image", "", /\.jpg$/],
    ["file", "file", "", /^report\.pdf$/],
    ["audio", "voice", "", /\.opus$/],
    ["media", "video", "", /^walk\.mp4$/],
  ])("%s brings an attachment", async (name, kind, text, file) => {
    const message = await messageOf(payload(name));
    expect(message).toMatchObject({ text, attachments: [{ kind, name: expect.stringMatching(file) }] });
  });

  it.each([
    ["sticker", "[sticker]"],
    ["location", "[location: People's Square, 31.228, 121.475]"],
    ["share-chat", "[a group's card]"],
    ["merge-forward", "[forwarded messages]"],
    ["card", "[card: Build failed]"],
    ["unheard-of", "[hologram message]"],
  ])("%s is told in words", async (name, text) => {
    expect(await messageOf(payload(name))).toMatchObject({ text, attachments: [] });
  });

  it("of the system is none", async () => {
    expect((await feishu.receive(delivered(payload("system")), install().env)).events).toEqual([]);
  });

  it("in rich text is read line by line, with its pictures and videos", async () => {
    const message = await messageOf(payload("post"));
    expect(message.text).toBe(
      "Plan\nfirst line: [the plan](https://example.org/plan)@Flare\n\n```go\nfunc main() {}\n```\n[SMILE]",
    );
    expect(message.attachments.map(({ kind }) => kind)).toEqual(["image", "video"]);
    expect(message.mentioned).toBe(true);
    expect((await messageOf(payload("post-localized"))).text).toBe("只有中文");
  });

  it.each(["not json", "[]", "null", '{"text":7}', '{"content":[["x",null]]}', '{"content":"x"}'])(
    "whose content is %s does no harm",
    async (content) => {
      for (const name of ["private-text", "post", "image", "location"]) {
        const one = payload(name);
        one.event.message.content = content;
        expect((await feishu.receive(delivered(one), install().env)).status).toBe(200);
      }
    },
  );
});

describe("who is meant", () => {
  it("is the bot when the platform's list names it, at the start or inside", async () => {
    expect(await messageOf(payload("group-mention"))).toMatchObject({ mentioned: true, text: "hello" });
    expect(await messageOf(payload("mention-inside"))).toMatchObject({
      mentioned: true,
      text: "@Tom did @Flare say so? ask @Ten",
    });
  });

  it("is not the bot when another is mentioned, everyone, or its name is only written", async () => {
    expect(await messageOf(payload("mention-other"))).toMatchObject({ mentioned: false, text: "@Tom /stop" });
    expect(await messageOf(payload("mention-all"))).toMatchObject({ mentioned: false, text: "@all lunch" });
    const written = payload("group-plain");
    written.event.message.content = JSON.stringify({ text: "@_user_1 @Flare hello" });
    expect((await messageOf(written)).mentioned).toBe(false);
  });

  it("goes by FEISHU_BOT_OPEN_ID where it is set, and nobody is asked", async () => {
    const { env, asked } = install(undefined, { FEISHU_BOT_OPEN_ID: "ou_84aad35d084aa403a838cf73ee1845a1" });
    const { events } = await feishu.receive(delivered(payload("mention-other")), env);
    expect((events[0] as Message).mentioned).toBe(true);
    expect(asked.some(({ path }) => path.startsWith("/bot/"))).toBe(false);
  });

  it("is asked again later when Feishu does not tell who the bot is", async () => {
    const { env } = install(({ path }) => (path.startsWith("/bot/") ? undefined : missing));
    expect(await feishu.receive(delivered(payload("group-mention")), env)).toMatchObject({
      status: 503,
      events: [],
    });
    expect((await feishu.receive(delivered(payload("group-plain")), env)).events).toHaveLength(1);
  });

  it("a mention alone stays, and one that a word hangs on stays too", async () => {
    for (const [written, text] of [
      ["@_user_1", "@Flare"],
      ["@_user_1's idea", "@Flare's idea"],
      ["@_user_1，你好", "你好"],
    ]) {
      const one = payload("group-mention");
      one.event.message.content = JSON.stringify({ text: written });
      expect((await messageOf(one)).text).toBe(text);
    }
  });

  it("a command stands at the start, or right behind the bot's mention", async () => {
    expect((await messageOf(payload("command-private"))).command).toEqual({ name: "status", args: "" });
    expect((await messageOf(payload("command-mention"))).command).toEqual({
      name: "remind",
      args: "tomorrow @Tom",
    });
    expect((await messageOf(payload("mention-other"))).command).toBeUndefined();
    for (const text of ["see /status", "/usr/bin is full", "/ status", "//status"]) {
      const one = payload("private-text");
      one.event.message.content = JSON.stringify({ text });
      expect((await messageOf(one)).command).toBeUndefined();
    }
  });

  it("other bots count as bots, and what we said ourselves as ours", async () => {
    expect(await messageOf(payload("other-bot"))).toMatchObject({ sender: { isBot: true }, fromUs: false });
    expect(await messageOf(payload("own-echo"))).toMatchObject({
      sender: { id: BOT, isBot: true },
      fromUs: true,
    });
  });
});

describe("what it answers", () => {
  const quoted =
    (sender: object, content = '{"text":"seven, @_user_1"}', msg_type = "text") =>
    ({ path }: Asked): Reply => {
      const mentions = [{ key: "@_user_1", id: "ou_1", id_type: "open_id", name: "Tom" }];
      const items = [
        { message_id: "om_dc13264520392913993dd051dba21dcf", msg_type, body: { content }, sender, mentions },
      ];
      return path.startsWith("/im/v1/messages/om_dc")
        ? { value: { code: 0, msg: "success", data: { items } } }
        : missing;
    };

  it.each([
    ["the app's id", { id: secrets.FEISHU_APP_ID, id_type: "app_id", sender_type: "app" }, true],
    ["the bot's id", { id: BOT, id_type: "open_id", sender_type: "app" }, true],
    ["another app's id", { id: "cli_another", id_type: "app_id", sender_type: "app" }, false],
    ["a person's id", { id: "ou_7", id_type: "open_id", sender_type: "user" }, false],
  ])("is a message of ours by %s: %#", async (_, sender, fromUs) => {
    const message = await messageOf(payload("reply"), quoted(sender));
    expect(message.replyTo).toMatchObject({
      messageId: "om_dc13264520392913993dd051dba21dcf",
      text: "seven, @Tom",
      fromUs,
    });
  });

  it("is cut where it is long, never inside a character", async () => {
    const content = JSON.stringify({ text: "😀".repeat(400) });
    const { replyTo } = await messageOf(
      payload("reply"),
      quoted({ sender_type: "user", id: "ou_7" }, content),
    );
    expect(replyTo!.text!.length).toBeLessThanOrEqual(500);
    expect(replyTo!.text!.isWellFormed()).toBe(true);
  });

  it("is only an id where the app may not read it", async () => {
    const message = await messageOf(payload("reply"));
    expect(message.replyTo).toEqual({ messageId: "om_dc13264520392913993dd051dba21dcf", fromUs: false });
  });

  it("is asked again later when Feishu does not answer", async () => {
    const { env } = install(({ path }) => (path.startsWith("/im/v1/messages/") ? undefined : missing));
    expect((await feishu.receive(delivered(payload("reply")), env)).status).toBe(503);
    await expect(fromEvent(payload("reply"), env)).rejects.not.toBeInstanceOf(NotAnEvent);
  });

  it("a thread goes by its first message, and staying in it is no quote", async () => {
    const start = await messageOf(payload("thread-start"));
    expect(start.thread).toBe(payload("thread-start").event.message.message_id);
    const reply: Message | Edit = await messageOf(payload("thread-reply"));
    expect(reply).toMatchObject({ thread: "om_dc13264520392913993dd051dba21dcf", replyTo: undefined });
    expect((await messageOf(payload("reply"))).thread).toBeUndefined();
  });
});
