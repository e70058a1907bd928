import { describe, expect, it, test } from "vitest";
import type { Message } from "../../../channels/channel.ts";
import { type Channels, fromGateway, learn } from "../../../channels/discord/index.ts";
import { BOT, message, type Payload, payload } from "./discord-payloads.ts";

const us = { id: BOT, username: "flare", bot: true };
const ann = { id: "55", username: "ann", global_name: "Ann", member: { nick: "Annie" } };
const create = (changes: Payload, channels?: Channels) =>
  fromGateway({ t: "MESSAGE_CREATE", d: message(changes) }, BOT, channels);
const only = (changes: Payload) => {
  const { events } = create(changes);
  expect(events).toHaveLength(1);
  return events[0] as Message;
};

describe("a message of the Gateway", () => {
  it("is one of its channel, under the name that the server shows", () => {
    const d = message();
    expect(fromGateway({ t: "MESSAGE_CREATE", d }, BOT).events).toMatchObject([
      {
        address: "discord:290926798999357250",
        key: `message:${d.id}`,
        messageId: d.id,
        sender: { id: "53908099506183680", name: "Ma", username: "mason", isBot: false },
        sentAt: Date.parse("2026-11-21T09:35:00.299Z"),
        text: "Supa Hot",
        mentioned: false,
      },
    ]);
  });

  it("in a direct chat is one with the person, files with it", () => {
    const { events } = fromGateway({ t: "MESSAGE_CREATE", d: payload("dm") }, BOT);
    expect(events).toMatchObject([
      {
        address: "discord:319674150115610528",
        chat: { type: "direct", title: "mason" },
        attachments: [
          {
            kind: "voice",
            ref: "319674150115610528/334385199974967050/1111111111111111111",
            mime: "audio/ogg",
          },
        ],
      },
    ]);
  });

  it.each([
    [`<@${BOT}> when is dinner?`, "when is dinner?", undefined],
    [`<@!${BOT}>, when?`, "when?", undefined],
    [`<@${BOT}>`, "@flare", undefined],
    [`hey <@${BOT}> !`, "hey @flare !", undefined],
    [`<@${BOT}> /memory show`, "/memory show", { name: "memory", args: "show" }],
  ])("calls the bot by %j", (content, text, command) => {
    expect(only({ content, mentions: [us] })).toMatchObject({ text, mentioned: true });
    expect(only({ content, mentions: [us] }).command).toEqual(command);
  });

  it("is read with people's names and emoji, as they are shown", () => {
    const content = "<@55> and <@99> like <a:party:123> <:tea:9>";
    expect(only({ content, mentions: [ann] }).text).toBe("@Annie and <@99> like :party: :tea:");
  });

  it("mentions us only by Discord's own list, not by its text", () => {
    expect(only({ content: `\\<@${BOT}> @everyone`, mention_everyone: true }).mentioned).toBe(false);
  });

  it("quotes what it answers, at most 500 units, and knows when that was ours", () => {
    const reply = (author: Payload, content: string) =>
      only({
        type: 19,
        message_reference: { message_id: "7" },
        referenced_message: message({ id: "7", author, content }),
      });
    expect(reply(us, "Hot.").replyTo).toEqual({
      messageId: "7",
      sender: "flare",
      text: "Hot.",
      fromUs: true,
    });
    expect(reply(ann, "x".repeat(900)).replyTo).toMatchObject({ fromUs: false, sender: "Ann" });
    expect(reply(ann, "x".repeat(900)).replyTo!.text).toHaveLength(500);
  });

  it("knows what it answers also when that is deleted", () => {
    const gone = only({ type: 19, message_reference: { message_id: "7" }, referenced_message: null });
    expect(gone.replyTo).toEqual({ messageId: "7", fromUs: false });
  });

  it("shows a forwarded message as what it is, not as an answer", () => {
    const forwarded = only({
      content: "",
      message_reference: { type: 1, message_id: "7" },
      message_snapshots: [{ message: { content: "Sale!", attachments: [] } }],
    });
    expect(forwarded).toMatchObject({ text: "[forwarded] Sale!" });
    expect(forwarded.replyTo).toBeUndefined();
  });

  it.each([
    ["another bot", { author: { id: "77", username: "weather", bot: true } }],
    ["a webhook", { webhook_id: "78", author: { id: "78", username: "news" } }],
    ["a sender of unclear kind", { author: { id: "77", username: "x", bot: "maybe" } }],
  ])("of %s is no person's", (_, changes) => {
    expect(only(changes).sender.isBot).toBe(true);
  });

  it.each([
    ["what the bot itself said", { author: us }],
    ["a join", { type: 7 }],
    ["a thread's starter, which its channel has told already", { type: 21 }],
    ["what the bot may not read", { content: "" }],
  ])("makes nothing of %s", (_, changes) => {
    expect(create(changes)).toEqual({ events: [] });
  });

  it("throws at nothing", () => {
    for (const d of [undefined, null, 7, "x", [], {}, { ...message(), author: undefined }])
      for (const t of ["MESSAGE_CREATE", "MESSAGE_UPDATE", "INTERACTION_CREATE", "TYPING_START"])
        expect(fromGateway({ t, d }, BOT).events).toEqual([]);
  });
});

describe("an edit", () => {
  const update = (changes: Payload) => fromGateway({ t: "MESSAGE_UPDATE", d: message(changes) }, BOT);

  it("has a key of its own for each change", () => {
    const edited = (second: number) =>
      update({ id: "5", edited_timestamp: `2026-11-21T09:36:0${second}.000000+00:00` }).events[0]!.key;
    expect(new Set([edited(1), edited(1), edited(2)]).size).toBe(2);
  });

  it("is none where Discord only found a link's preview", () => {
    expect(update({ edited_timestamp: null }).events).toEqual([]);
  });
});

describe("threads", () => {
  const thread = { id: "900", type: 11, parent_id: "290926798999357250", name: "plans" };
  const inThread = { channel_id: "900", channel_type: 11 };

  it.each([
    ["THREAD_CREATE", thread],
    [
      "GUILD_CREATE",
      { id: "1", channels: [{ id: "290926798999357250", type: 0, name: "family" }], threads: [thread] },
    ],
    ["THREAD_LIST_SYNC", { guild_id: "1", threads: [thread] }],
  ])("belong to their channel, as %s told", (t, d) => {
    const channels: Channels = new Map();
    learn(channels, { t, d });
    expect(create(inThread, channels).events).toMatchObject([
      { address: "discord:290926798999357250", thread: "900" },
    ]);
  });

  it("that are not known are asked for, not taken for a channel", () => {
    expect(create(inThread)).toEqual({ events: [], unknown: "900" });
    expect(create({ channel_id: "900", channel_type: undefined })).toEqual({ events: [], unknown: "900" });
    const d = { user_id: "55", channel_id: "900", message_id: "1", guild_id: "7", emoji: { name: "👍" } };
    expect(fromGateway({ t: "MESSAGE_REACTION_ADD", d }, BOT)).toEqual({ events: [], unknown: "900" });
  });

  it("and their channel share one address by the Gateway and by slash command", () => {
    const channels: Channels = new Map();
    learn(channels, { t: "THREAD_CREATE", d: thread });
    const said = create(inThread, channels).events[0]!;
    const asked = fromGateway({ t: "INTERACTION_CREATE", d: payload("ask", { channel: thread }) }, BOT)
      .events[0]!;
    expect([asked.address, asked.thread]).toEqual([said.address, said.thread]);
  });
});

test("an interaction of the Gateway comes with the answer that Discord waits for", () => {
  const d = payload("ask");
  const { events, callback } = fromGateway({ t: "INTERACTION_CREATE", d }, BOT);
  expect(events).toMatchObject([{ key: `interaction:${d.id}`, answerTo: expect.any(String) }]);
  expect(callback).toEqual({ path: `/interactions/${d.id}/${d.token}/callback`, json: { type: 5 } });
});
