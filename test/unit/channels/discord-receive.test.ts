import { describe, expect, it } from "vitest";
import type { Message } from "../../../channels/channel.ts";
import { discord } from "../../../channels/discord/index.ts";
import { discordEnv, foreignKey, NOW, type Payload, payload, signed } from "./discord-payloads.ts";

const receive = (body: Payload) => discord.receive(signed(JSON.stringify(body)), discordEnv());
const slash = (name: string, options: Payload[] = [], more: Payload = {}) =>
  payload("ask", { data: { type: 1, name, options }, ...more });
const inDirectChat = { member: undefined, guild_id: undefined, context: 1, channel: { id: "319", type: 1 } };
const user = { user: { id: "53908232506183680", username: "Mason" } };
async function only(body: Payload): Promise<Message> {
  const { status, events } = await receive(body);
  expect(status).toBe(200);
  expect(events).toHaveLength(1);
  return events[0] as Message;
}

describe("Discord's first call", () => {
  it("answers a PING with a PONG", async () => {
    expect(await receive({ type: 1, id: "1", token: "t", version: 1 })).toEqual({
      status: 200,
      json: { type: 1 },
      events: [],
    });
  });

  it("refuses the PING with a wrong signature that Discord sends to try us out", async () => {
    const forged = signed('{"type":1}', { key: foreignKey });
    expect(await discord.receive(forged, discordEnv())).toMatchObject({ status: 401 });
  });

  it("checks the raw bytes: what is the same JSON in other bytes is not what was signed", async () => {
    const body = JSON.stringify(payload("ask"));
    const { headers, url } = signed(body);
    const other = new Request(url, { method: "POST", headers, body: `${body} ` });
    expect(await discord.receive(other, discordEnv())).toMatchObject({ status: 401, events: [] });
  });

  it("refuses a truly signed body that is no UTF-8", async () => {
    const bytes = new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]);
    expect(await discord.receive(signed(bytes), discordEnv())).toMatchObject({ status: 400, events: [] });
  });

  it.each(["", "1e0a", "z".repeat(64)])("lets nobody in with the public key %j", async (key) => {
    const env = discordEnv();
    const vars = { ...env.vars, DISCORD_PUBLIC_KEY: key };
    const got = await discord.receive(signed(JSON.stringify(payload("ask"))), { ...env, vars });
    expect(got).toMatchObject({ status: 401, events: [] });
    expect(discord.problem(vars)).toContain("DISCORD_PUBLIC_KEY");
  });
});

describe("/ask", () => {
  it("is a message to the assistant, from the person by id, in the channel", async () => {
    const body = payload("ask");
    expect(await only(body)).toMatchObject({
      address: "discord:645027906669510667",
      key: `interaction:${body.id}`,
      chat: { id: "645027906669510667", type: "group", title: "#family" },
      sender: { id: "53908232506183680", name: "Mason M.", username: "Mason", isBot: false },
      text: "when is dinner?",
      mentioned: true,
      sentAt: NOW,
      attachments: [],
    });
    expect(await only(body)).not.toHaveProperty("command");
  });

  it("is answered later, for all to see; where nothing will be said, at once and for one person", async () => {
    const { json, unanswered } = await receive(payload("ask"));
    expect(json).toEqual({ type: 5 });
    expect(unanswered).toMatchObject({ type: 4, data: { flags: 64, allowed_mentions: { parse: [] } } });
  });

  it("may bring a file", async () => {
    const url = "https://cdn.discordapp.com/ephemeral-attachments/1/2/cat.png?ex=1&hm=2";
    const file = { id: "2", filename: "cat.png", content_type: "image/png", size: 5, url };
    const options = [
      { type: 3, name: "text", value: "who is it?" },
      { type: 11, name: "file", value: "2" },
    ];
    const data = { type: 1, name: "ask", options, resolved: { attachments: { 2: file } } };
    expect(await only(payload("ask", { data }))).toMatchObject({
      text: "who is it?",
      attachments: [{ kind: "image", ref: url, name: "cat.png", mime: "image/png", size: 5 }],
    });
  });

  it.each([10, 11, 12])("in a thread (type %i) belongs to the thread's channel", async (type) => {
    const channel = { id: "900", name: "plans", type, parent_id: "645027906669510667" };
    const event = await only(payload("ask", { channel, channel_id: "900" }));
    expect(event).toMatchObject({ address: "discord:645027906669510667", thread: "900" });
    expect(event.chat.title).toBeUndefined();
  });

  it("in a direct chat is one with the person", async () => {
    expect(await only(payload("ask", { ...inDirectChat, ...user }))).toMatchObject({
      address: "discord:319",
      chat: { type: "direct", title: "Mason" },
    });
  });

  it("in other people's direct chat is refused in private", async () => {
    const got = await receive(payload("ask", { ...inDirectChat, ...user, context: 2 }));
    expect(got).toMatchObject({ status: 200, json: { type: 4, data: { flags: 64 } }, events: [] });
  });

  it("works with the older form that names the channel by its id alone", async () => {
    expect(await only(payload("ask", { channel: undefined }))).toMatchObject({
      address: "discord:645027906669510667",
      chat: { type: "group" },
    });
    expect(await only(payload("ask", { ...inDirectChat, ...user, channel: undefined }))).toMatchObject({
      chat: { type: "direct" },
    });
  });
});

describe("other slash commands", () => {
  it.each([
    ["status", [], "", "/status"],
    [
      "memory",
      [{ type: 3, name: "args", value: "show MEMORY.md" }],
      "show MEMORY.md",
      "/memory show MEMORY.md",
    ],
    [
      "groups",
      [{ type: 1, name: "add", options: [{ type: 3, name: "name", value: "Family" }] }],
      "add Family",
      "/groups add Family",
    ],
  ])("are the chat command of their name: /%s", async (name, options, args, text) => {
    expect(await only(slash(name, options))).toMatchObject({ command: { name, args }, text });
  });

  it.each(["status", "why", "usage", "memory", "main", "approve", "help"])(
    "answer /%s only to who asked, in a channel",
    async (name) => {
      expect((await receive(slash(name))).json).toEqual({ type: 5, data: { flags: 64 } });
      expect((await only(slash(name))).answerTo).toMatch(/^interaction:private:/);
    },
  );

  it.each(["new", "stop", "compact"])("answer /%s to all: it changes what all share", async (name) => {
    expect((await receive(slash(name))).json).toEqual({ type: 5 });
  });

  it("have nothing to hide in a direct chat", async () => {
    expect((await receive(slash("status", [], { ...inDirectChat, ...user }))).json).toEqual({ type: 5 });
  });
});

describe("buttons and the rest", () => {
  it("take a button whose id is a command for that command", async () => {
    const event = await only(payload("stop-button"));
    expect(event).toMatchObject({ command: { name: "stop", args: "" }, sender: { name: "Ma" } });
  });

  it("keep a command's arguments in the button's id", async () => {
    const data = { custom_id: "/approve #12 once", component_type: 2 };
    expect(await only(payload("stop-button", { data }))).toMatchObject({
      command: { name: "approve", args: "#12 once" },
    });
  });

  it("take a choice for a press, whose message stays until it is changed", async () => {
    const data = { custom_id: "press:yes:1", component_type: 2 };
    const { json, events } = await receive(payload("stop-button", { data }));
    expect(json).toEqual({ type: 6 });
    expect(events).toMatchObject([
      { kind: "press", value: "yes:1", messageId: "846462639134605000", sender: { id: "53908232506183680" } },
    ]);
  });

  it.each([
    ["a button that is none of ours", payload("stop-button", { data: { custom_id: "click_me" } })],
    ["a menu of a user", payload("ask", { data: { type: 2, name: "Look at" } })],
    ["a form", payload("ask", { type: 5, data: { custom_id: "form" } })],
  ])("tell the person that %s means nothing", async (_, body) => {
    expect(await receive(body)).toMatchObject({ json: { type: 4, data: { flags: 64 } }, events: [] });
  });

  it("offer no completions", async () => {
    expect(await receive(payload("ask", { type: 4 }))).toMatchObject({ json: { type: 8 }, events: [] });
  });

  it("never show what answers an interaction except in the field for it", async () => {
    const { answerTo, ...shown } = await only(payload("ask"));
    expect(answerTo).toContain(payload("ask").token);
    expect(JSON.stringify(shown)).not.toContain(payload("ask").token);
  });
});
