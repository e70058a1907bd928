import { beforeEach, describe, expect, it, vi } from "vitest";
import type { ChannelEnv, Inbound, Message, Received } from "../../../channels/channel.ts";
import { telegram } from "../../../channels/telegram/index.ts";
import { envWith, SECRET, TOKEN, update, updateNames } from "./env.ts";

let serial = 0;
let env: ChannelEnv;
const getMe = vi.fn(async () =>
  Response.json({ ok: true, result: { id: 424242, username: "Flare_House_Bot" } }),
);

beforeEach(() => {
  getMe.mockClear();
  // A token of its own for each test: the bot's name is remembered per token.
  const vars = { TELEGRAM_BOT_TOKEN: `${TOKEN}${serial++}`, TELEGRAM_WEBHOOK_SECRET: SECRET };
  env = envWith({ vars, fetch: getMe as unknown as typeof fetch });
});

function post(
  body: BodyInit,
  headers: Record<string, string> = { "x-telegram-bot-api-secret-token": SECRET },
) {
  return new Request("https://x.test/webhook/telegram", {
    method: "POST",
    body,
    headers,
    duplex: "half",
  } as RequestInit);
}
const receive = (payload: unknown): Promise<Received> => telegram.receive(post(JSON.stringify(payload)), env);
async function only<T extends Inbound = Message>(payload: unknown): Promise<T> {
  const { status, events } = await receive(payload);
  expect(status).toBe(200);
  expect(events).toHaveLength(1);
  return events[0] as T;
}

describe("the door", () => {
  it.each([
    ["no secret", {}],
    ["a wrong secret", { "x-telegram-bot-api-secret-token": `${SECRET}x` }],
    ["an empty secret", { "x-telegram-bot-api-secret-token": "" }],
  ])("answers 401 to %s and does not read the body", async (_, headers) => {
    const request = post(JSON.stringify(update("private-text")), headers as Record<string, string>);
    expect(await telegram.receive(request, env)).toMatchObject({ status: 401, events: [] });
    expect(request.bodyUsed).toBe(false);
  });

  it.each([undefined, ""])("refuses every event while its own secret is %j", async (secret) => {
    const vars = { ...env.vars, TELEGRAM_WEBHOOK_SECRET: secret };
    for (const given of ["", "undefined", SECRET]) {
      const request = post("{}", { "x-telegram-bot-api-secret-token": given });
      expect(await telegram.receive(request, { ...env, vars })).toMatchObject({ status: 401, events: [] });
    }
  });

  it.each(["false", "FALSE", "0", "no", "off", " off "])(
    "refuses every event while it is %j",
    async (word) => {
      const vars = { ...env.vars, TELEGRAM_ENABLED: word };
      expect(telegram.problem(vars)).toContain("TELEGRAM_ENABLED");
      const request = post(JSON.stringify(update("private-text")));
      expect(await telegram.receive(request, { ...env, vars })).toMatchObject({ status: 401, events: [] });
    },
  );

  it.each(["true", "1", "yes", "", undefined])("is open while it is %j", async (word) => {
    const vars = { ...env.vars, TELEGRAM_ENABLED: word };
    expect(telegram.problem(vars)).toBeUndefined();
    const request = post(JSON.stringify(update("private-text")));
    expect((await telegram.receive(request, { ...env, vars })).events).toHaveLength(1);
  });

  it("answers 413 to more than 1 MiB, announced or streamed", async () => {
    const big = " ".repeat(1024 * 1024 + 1);
    expect((await telegram.receive(post(big), env)).status).toBe(413);
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 65536;
        controller.enqueue(new Uint8Array(65536).fill(32));
      },
    });
    expect((await telegram.receive(post(endless), env)).status).toBe(413);
    expect(pulled).toBeLessThan(2 * 1024 * 1024);
  });

  it("takes exactly 1 MiB", async () => {
    const text = JSON.stringify({ update_id: 1 });
    expect((await telegram.receive(post(text.padEnd(1024 * 1024)), env)).status).toBe(200);
  });

  it.each(["", "{", "nope", "[]", "null", '"update"', "{}", '{"update_id":"7"}', '{"message":{}}'])(
    "answers 400 to %j",
    async (body) => {
      expect(await telegram.receive(post(body), env)).toMatchObject({ status: 400, events: [] });
    },
  );

  it("answers 400 to bytes that are no UTF-8", async () => {
    expect((await telegram.receive(post(new Uint8Array([0x7b, 0xff, 0x7d])), env)).status).toBe(400);
  });

  it.each(["some_future_kind", "message_reaction", "inline_query"])(
    "answers 200 to the kind %s",
    async (kind) => {
      expect(await receive({ update_id: 5, [kind]: { anything: true } })).toEqual({
        status: 200,
        events: [],
      });
    },
  );

  it.each(["my-chat-member", "channel-post", "member-joined"])("has no event for %s", async (name) => {
    expect(await receive(update(name))).toEqual({ status: 200, events: [] });
  });

  it("reads a pressed button, and nothing below a message that Telegram does not show any more", async () => {
    const { events } = await receive(update("callback-query"));
    expect(events).toEqual([
      expect.objectContaining({
        kind: "press",
        address: "telegram:1001",
        key: "callback:4382bfdwdsb323b2d9",
        messageId: "30",
        value: "approve:3",
        answerTo: "callback:4382bfdwdsb323b2d9",
        sender: expect.objectContaining({ id: "1001", isBot: false }),
      }),
    ]);
    const gone = update("callback-query");
    delete gone.callback_query.message;
    expect(await receive(gone)).toEqual({ status: 200, events: [] });
  });

  it("takes an update that it does not know, which would hold up its chat for ever", async () => {
    const odd = update("private-text");
    odd.message.chat.type = "community";
    for (const known of [odd, { update_id: 8, message: {} }, { update_id: 9, edited_message: 7 }])
      expect(await receive(known)).toEqual({ status: 200, events: [] });
  });

  it("refuses without throwing whatever field is missing or odd", async () => {
    for (const name of updateNames) {
      for (const path of pathsIn(update(name))) {
        for (const value of [undefined, null, "x", -1, [], {}]) {
          const { status, events } = await receive(changed(update(name), path, value));
          expect([200, 400]).toContain(status);
          for (const event of events) expect(event.key && event.chat.id && event.address).toBeTruthy();
        }
      }
    }
  });

  it("takes nobody for a person who is not said to be one", async () => {
    const payload = update("private-text");
    payload.message.from.is_bot = undefined;
    expect((await only(payload)).sender.isBot).toBe(true);
    payload.message.from = undefined;
    expect((await receive(payload)).events).toEqual([]);
  });
});

describe("a message", () => {
  it("comes from a person in a private chat", async () => {
    expect(await only(update("private-text"))).toEqual({
      kind: "message",
      address: "telegram:1001",
      key: "message:1001:17",
      chat: { id: "1001", type: "direct", title: "Ada Lovelace" },
      sentAt: 1795241700000,
      messageId: "17",
      sender: { id: "1001", name: "Ada Lovelace", username: "ada_l", isBot: false },
      text: "What is in my notes?",
      mentioned: false,
      attachments: [],
      partOfMore: false,
      fromUs: false,
    });
  });

  it("has the same key however often and under whatever update id it comes", async () => {
    const payload = update("private-text");
    const first = await only(payload);
    payload.update_id = 3;
    expect((await only(payload)).key).toBe(first.key);
    payload.message.message_id++;
    expect((await only(payload)).key).not.toBe(first.key);
  });

  it("mentions us by name, in any case and behind emoji", async () => {
    expect((await only(update("group-mention"))).mentioned).toBe(true);
    expect((await only(update("group-plain"))).mentioned).toBe(false);
  });

  it("mentions us by id, and in a caption", async () => {
    expect((await only(update("text-mention"))).mentioned).toBe(true);
    expect((await only(update("album-item"))).mentioned).toBe(true);
  });

  it.each([
    ["@flare_house_bot hello", "hello"],
    ["@Flare_House_Bot,  remember that\nit is Tuesday", "remember that\nit is Tuesday"],
    ["@flare_house_bot: 你好", "你好"],
    ["@flare_house_bot，你好", "你好"],
    ["@flare_house_bot's turn", "@flare_house_bot's turn"],
    ["@flare_house_bot", "@flare_house_bot"],
    ["@somebody_else hello", "@somebody_else hello"],
    ["ask @flare_house_bot then", "ask @flare_house_bot then"],
  ])("says %j without the mention that calls us: %j", async (text, said) => {
    const payload = update("group-mention");
    const [name] = /@\w+/.exec(text)!;
    const entities = [{ type: "mention", offset: text.indexOf("@"), length: name.length }];
    Object.assign(payload.message, { text, entities });
    expect((await only(payload)).text).toBe(said);
    Object.assign(payload.message, { text: undefined, entities: undefined });
    Object.assign(payload.message, { caption: text, caption_entities: entities });
    expect((await only(payload)).text).toBe(said);
  });

  it("says what it says without our name where that is a link to us", async () => {
    expect((await only(update("text-mention"))).text).toBe("are you there?");
  });

  it("is no mention when our name is only text", async () => {
    const payload = update("group-mention");
    payload.message.entities = undefined;
    expect((await only(payload)).mentioned).toBe(false);
  });

  it("asks for the bot's name only when there is one to compare, and once", async () => {
    await receive(update("private-text"));
    await receive(update("text-mention"));
    expect(getMe).not.toHaveBeenCalled();
    await receive(update("group-mention"));
    await receive(update("command-ours"));
    expect(getMe).toHaveBeenCalledTimes(1);
  });

  it("is asked for again (503) while Telegram does not tell the bot's name, and heard after that", async () => {
    getMe.mockImplementationOnce(async () => new Response("<html>bad gateway</html>", { status: 502 }));
    expect(await receive(update("group-mention"))).toMatchObject({ status: 503, events: [] });
    expect((await only(update("group-mention"))).mentioned).toBe(true);
  });

  it("is a command at its very start, for us or for nobody by name", async () => {
    expect((await only(update("command-ours"))).command).toEqual({ name: "status", args: "now please" });
    expect((await only(update("command-private"))).command).toEqual({ name: "main", args: "K7Q2M9XA" });
    expect((await only(update("command-other-bot"))).command).toBeUndefined();
    const later = update("command-private");
    later.message.text = `x ${later.message.text}`;
    later.message.entities[0].offset = 2;
    expect((await only(later)).command).toBeUndefined();
  });

  it("answers our own message, by the id in the token", async () => {
    const event = await only(update("reply-to-bot"));
    expect(event.replyTo).toEqual({
      messageId: "230",
      sender: "Flare",
      text: "Dinner is at seven.",
      fromUs: true,
    });
    expect(event.thread).toBeUndefined();
    const payload = update("reply-to-bot");
    payload.message.reply_to_message.from.id = 777;
    payload.message.reply_to_message.text = "😀".repeat(600);
    const { replyTo } = await only(payload);
    expect(replyTo).toMatchObject({ fromUs: false });
    expect(replyTo!.text!.length).toBeLessThanOrEqual(500);
    expect(replyTo!.text!.isWellFormed()).toBe(true);
  });

  it("stands in its forum topic, whose root is no quote", async () => {
    const event = await only(update("forum-topic"));
    expect(event).toMatchObject({ address: "telegram:-1009876543210", thread: "7", chat: { type: "group" } });
    expect(event.replyTo).toBeUndefined();
  });

  it("carries the largest size of a photo and its caption", async () => {
    const event = await only(update("photo"));
    expect(event.text).toBe("what does the sign say?");
    expect(event.attachments).toEqual([
      { kind: "image", ref: "AgACAgIAAxkBAAMTx", name: "photo-19.jpg", mime: "image/jpeg", size: 98211 },
    ]);
  });

  it.each([
    ["document", { kind: "file", name: "rent-2026.pdf", mime: "application/pdf", size: 48211 }],
    ["voice", { kind: "voice", mime: "audio/ogg" }],
    ["animation", { kind: "video", name: "cat.mp4" }],
  ])("carries a %s as one attachment", async (name, attachment) => {
    const { attachments } = await only(update(name));
    expect(attachments).toEqual([expect.objectContaining(attachment)]);
  });

  it("is part of more in an album and near the app's own cut", async () => {
    expect((await only(update("album-item"))).partOfMore).toBe(true);
    const payload = update("private-text");
    payload.message.text = "x".repeat(4090);
    expect((await only(payload)).partOfMore).toBe(true);
  });

  it("says in words what Telegram shows as a card", async () => {
    expect((await only(update("sticker"))).text).toBe("[sticker 👍]");
  });

  it("is not a person's when a chat speaks, and ours when we wrote it", async () => {
    const anonymous = await only(update("anonymous-admin"));
    expect(anonymous.sender).toMatchObject({ id: "-1001234567890", isBot: true });
    expect((await only(update("other-bot"))).sender.isBot).toBe(true);
    const payload = update("other-bot");
    payload.message.from.id = 424242;
    expect((await only(payload)).fromUs).toBe(true);
  });
});

describe("an edit", () => {
  it("names its message and has a key for each time it is edited", async () => {
    const edit = await only<Inbound>(update("edit"));
    expect(edit).toMatchObject({ kind: "edit", messageId: "17", text: "What is in my notes of today?" });
    expect(edit.sentAt).toBe(1795241730000);
    const again = update("edit");
    again.edited_message.edit_date++;
    expect((await only<Inbound>(again)).key).not.toBe(edit.key);
    expect((await only(update("private-text"))).key).not.toBe(edit.key);
  });
});

describe("a migration", () => {
  it("is one event of the old chat, whichever chat tells it", async () => {
    const told = await only<Inbound>(update("migration-to"));
    expect(told).toMatchObject({
      kind: "migration",
      address: "telegram:-4001234",
      to: "telegram:-1001234567890",
    });
    const echo = await only<Inbound>(update("migration-from"));
    expect(echo).toMatchObject({
      key: told.key,
      address: "telegram:-4001234",
      to: "telegram:-1001234567890",
    });
  });
});

function pathsIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, child]) => pathsIn(child, [...path, key]));
  return path.length > 0 ? [path, ...inner] : inner;
}

// biome-ignore lint/suspicious/noExplicitAny: walks any payload
function changed(payload: any, path: string[], value: unknown): unknown {
  const owner = path.slice(0, -1).reduce((at, key) => at[key], payload);
  owner[path.at(-1)!] = value;
  return payload;
}
