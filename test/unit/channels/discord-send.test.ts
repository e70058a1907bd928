import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StartedDiscordServer, startDiscordServer } from "@openclaw/crabline";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ChannelEnv, Message, Send, Sent } from "../../../channels/channel.ts";
import { discord } from "../../../channels/discord/index.ts";
import type { Companion } from "../../../channels/frames.ts";
import {
  BOT,
  BOT_TOKEN,
  discordEnv,
  interaction,
  NOW,
  type Payload,
  payload,
  signed,
} from "./discord-payloads.ts";

const part = { body: "**hi** @everyone", plain: "hi @everyone" };
const key = "01KAAAAAAAAAAAAAAAAAAAAAAA";
const to = { chatId: "645027906669510667" };
const message: Send = { type: "message", to, part, key };
const TOKEN: string = payload("ask").token;

interface Seen {
  method: string;
  path: string;
  headers: Headers;
  body: Payload;
}

let seen: Seen[];
let env: ChannelEnv;
let answer: (seen: Seen) => Response;
let hosts = 0;

const at = (now: number, vars = env.vars): ChannelEnv => ({ ...env, now: () => now, vars });
const refuse = (status: number, code: number, text = "No.") => {
  answer = () => Response.json({ code, message: text }, { status });
};

beforeEach(() => {
  seen = [];
  answer = () => Response.json({ id: "99" });
  const root = `https://discord-${++hosts}.test/api/`;
  env = discordEnv({
    fetch: (async (input: string, init: RequestInit) => {
      const one = {
        method: init.method ?? "GET",
        path: String(input).replace(`${root}v10`, ""),
        headers: new Headers(init.headers),
        body: init.body ? JSON.parse(String(init.body)) : undefined,
      };
      seen.push(one);
      return answer(one);
    }) as typeof fetch,
  });
  env = { ...env, vars: { ...env.vars, DISCORD_API_ROOT: root } };
});

/** What answers an interaction that came just now. */
async function answerTo(command?: string): Promise<string> {
  const data = command ? { data: { type: 1, name: command } } : {};
  const { events } = await discord.receive(interaction(data), discordEnv());
  return (events[0] as Message).answerTo!;
}

describe("a message", () => {
  it("calls nobody and shows no previews", async () => {
    await discord.send(message, env);
    expect(seen).toMatchObject([
      {
        method: "POST",
        path: `/channels/${to.chatId}/messages`,
        body: {
          content: part.body,
          allowed_mentions: { parse: [] },
          flags: 4,
          components: [],
          enforce_nonce: true,
        },
      },
    ]);
    expect(seen[0]!.headers.get("authorization")).toBe(`Bot ${BOT_TOKEN}`);
    expect(seen[0]!.headers.get("user-agent")).toMatch(/^DiscordBot \(/);
  });

  it("goes into the thread, which is a channel to Discord", async () => {
    for (const type of ["message", "typing"] as const)
      await discord.send({ ...message, type, to: { ...to, thread: "900" } } as Send, env);
    expect(seen.map(({ path }) => path)).toEqual(["/channels/900/messages", "/channels/900/typing"]);
  });

  it("answers a message that may be gone", async () => {
    await discord.send({ ...message, replyTo: "77" }, env);
    expect(seen[0]!.body.message_reference).toEqual({ message_id: "77", fail_if_not_exists: false });
  });

  it("can be stopped while it is written, and not any more when it is whole", async () => {
    await discord.send({ ...message, unfinished: true }, env);
    await discord.send({ type: "edit", to, messageId: "99", part, key, unfinished: true }, env);
    await discord.send({ type: "edit", to, messageId: "99", part, key }, env);
    const button = { type: 2, custom_id: "/stop", label: "Stop" };
    for (const { body } of seen.slice(0, 2)) expect(body.components[0].components).toMatchObject([button]);
    expect(seen[2]!.body.components).toEqual([]);
  });

  it("has choices as buttons, and none any more after an edit", async () => {
    await discord.send({ ...message, choices: [{ label: "Yes", value: "yes:1" }] }, env);
    await discord.send({ type: "edit", to, messageId: "99", part, key }, env);
    const button = { type: 2, custom_id: "press:yes:1", label: "Yes" };
    expect(seen[0]!.body.components[0].components).toMatchObject([button]);
    expect(seen[1]!.body.components).toEqual([]);
  });

  it("calls nothing for drafts and activities", async () => {
    await discord.send({ type: "draft", to, part, draftId: 1 }, env);
    await discord.send({ type: "activity", to, text: "bash: ls" }, env);
    expect(seen).toEqual([]);
  });
});

describe("an answer to an interaction", () => {
  const path = `/webhooks/${BOT}/${TOKEN}`;

  it("takes the place of what waits, without the bot's token", async () => {
    const sent = await discord.send({ ...message, replyTo: await answerTo() }, env);
    expect(sent).toMatchObject({ outcome: "sent" });
    expect(seen).toMatchObject([{ method: "PATCH", path: `${path}/messages/@original` }]);
    expect(seen[0]!.headers.has("authorization")).toBe(false);
    expect(seen[0]!.body).not.toHaveProperty("nonce");
  });

  it("goes on in private where it began so, and as messages where all may see it", async () => {
    for (const [command, next] of [
      ["status", { path, body: { flags: 68 } }],
      [undefined, { path: `/channels/${to.chatId}/messages` }],
    ] as const) {
      const first = await discord.send({ ...message, replyTo: await answerTo(command) }, env);
      seen = [];
      await discord.send({ ...message, after: "messageId" in first ? first.messageId : "" }, env);
      expect(seen).toMatchObject([{ method: "POST", ...next }]);
    }
  });

  it("is changed with the same token, and by the bot itself once that is too old", async () => {
    const first = await discord.send({ ...message, replyTo: await answerTo() }, env);
    const messageId = "messageId" in first ? first.messageId : "";
    const edit: Send = { type: "edit", to, messageId, part, key };
    expect(await discord.send(edit, env)).toEqual({ outcome: "sent", messageId });
    await discord.send(edit, at(NOW + 16 * 60_000));
    expect(seen.slice(1)).toMatchObject([
      { method: "PATCH", path: `${path}/messages/99` },
      { method: "PATCH", path: `/channels/${to.chatId}/messages/99` },
    ]);
  });

  it("is a message of its own after 15 minutes, and in private none at all", async () => {
    const late = at(NOW + 16 * 60_000);
    expect(await discord.send({ ...message, replyTo: await answerTo() }, late)).toMatchObject({
      outcome: "sent",
    });
    expect(await discord.send({ ...message, replyTo: await answerTo("why") }, late)).toMatchObject({
      outcome: "failed",
    });
    expect(seen).toMatchObject([{ method: "POST", path: `/channels/${to.chatId}/messages` }]);
    expect(seen[0]!.body).not.toHaveProperty("message_reference");
  });

  it.each([10015, 10008, 50027])(
    "waits for Discord to know of it (%i), and stands alone where that ends",
    async (code) => {
      const replyTo = await answerTo();
      refuse(404, code);
      expect(await discord.send({ ...message, replyTo }, env)).toMatchObject({ outcome: "retry" });
      answer = ({ path }) =>
        path.includes("@original") ? Response.json({ code }, { status: 404 }) : Response.json({ id: "100" });
      expect(await discord.send({ ...message, replyTo }, at(NOW + 60_000))).toEqual({
        outcome: "sent",
        messageId: "100",
      });
      const secret = await answerTo("status");
      expect(await discord.send({ ...message, replyTo: secret }, at(NOW + 60_000))).toMatchObject({
        outcome: "failed",
      });
    },
  );

  it("is taken back where nothing is said", async () => {
    answer = () => new Response(null, { status: 204 });
    await discord.send({ type: "dismiss", to, answerTo: await answerTo() }, env);
    expect(seen).toMatchObject([{ method: "DELETE", path: `${path}/messages/@original` }]);
  });

  it("may be made again when its outcome is unknown, but a later private part may not", async () => {
    const replyTo = await answerTo("status");
    const first = await discord.send({ ...message, replyTo }, env);
    answer = () => Response.json({}, { status: 504 });
    expect(await discord.send({ ...message, replyTo }, env)).toMatchObject({ outcome: "retry" });
    const after = "messageId" in first ? first.messageId : "";
    expect(await discord.send({ ...message, after }, env)).toMatchObject({
      outcome: "unknown",
      keyless: true,
    });
  });

  it("never has its token in a reason", async () => {
    for (const command of [undefined, "status"]) {
      refuse(403, 50001, "Missing Access");
      const sent = await discord.send({ ...message, replyTo: await answerTo(command) }, env);
      expect(JSON.stringify(sent)).not.toContain(TOKEN);
    }
  });
});

describe("Discord in trouble", () => {
  it("may have had a message that got no answer: with its nonce it may be sent again", async () => {
    for (const status of [504, 520, 524]) {
      answer = () => new Response("<html>", { status });
      const sent = await discord.send(message, env);
      expect(sent).toMatchObject({ outcome: "unknown" });
      expect(sent).not.toHaveProperty("keyless");
    }
  });

  it.each([500, 502, 503])(
    "that says so itself (%i) has taken nothing: it is tried again later",
    async (status) => {
      answer = () => new Response("<html>", { status });
      for (const send of [message, { ...message, replyTo: await answerTo() }])
        expect(await discord.send(send, env)).toMatchObject({ outcome: "retry" });
    },
  );

  it("that cannot be reached at all is told from a connection that was lost", async () => {
    let there = false;
    answer = ({ path }) => {
      if (there && path === "/gateway") return Response.json({ url: "wss://gateway.discord.gg" });
      throw new TypeError("fetch failed");
    };
    const edit: Send = { type: "edit", to, messageId: "99", part, key };
    for (const send of [message, edit])
      expect(await discord.send(send, env)).toMatchObject({ outcome: "retry", unreached: true });
    there = true;
    expect(await discord.send(message, env)).toMatchObject({ outcome: "unknown", mayRepeat: true });
    expect(await discord.send(edit, env)).not.toHaveProperty("unreached");
  });

  it("says when the message that is to be edited was deleted", async () => {
    refuse(404, 10008, "Unknown Message");
    const edit: Send = { type: "edit", to, messageId: "99", part, key };
    expect(await discord.send(edit, env)).toMatchObject({ outcome: "failed", gone: true });
    refuse(403, 50001, "Missing Access");
    expect(await discord.send(edit, env)).not.toHaveProperty("gone");
  });

  it("keeps a message whose answer is cut as unknown", async () => {
    answer = () => new Response('{"id": "9', { status: 200 });
    expect(await discord.send(message, env)).toMatchObject({ outcome: "unknown" });
  });

  it.each([
    [401, 0, "401: Unauthorized", /DISCORD_BOT_TOKEN/],
    [403, 50001, "Missing Access", /Missing Access/],
    [403, 50007, "Cannot send messages to this user", /to this user/],
    [404, 10003, "Unknown Channel", /Unknown Channel/],
    [400, 50006, "Cannot send an empty message", /empty/],
  ])("gives up at %i (%i) and says why", async (status, code, text, reason) => {
    refuse(status, code, text);
    expect(await discord.send(message, env)).toEqual({
      outcome: "failed",
      reason: expect.stringMatching(reason),
    });
  });

  it("asks for nothing that it knows will be refused, in this channel and no other", async () => {
    answer = () =>
      Response.json(
        { id: "1" },
        {
          headers: {
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset-after": "2.5",
            "x-ratelimit-bucket": "abcd",
          },
        },
      );
    await discord.send(message, env);
    expect(await discord.send(message, env)).toMatchObject({ outcome: "retry", afterMs: 2500 });
    expect(seen).toHaveLength(1);
    await discord.send({ ...message, to: { chatId: "2" } }, env);
    expect(await discord.send(message, at(NOW + 2500))).toMatchObject({ outcome: "sent" });
    expect(seen).toHaveLength(3);
  });

  it("is left alone altogether while its limit for all calls is reached", async () => {
    answer = () =>
      Response.json(
        { retry_after: 64.57, global: true },
        { status: 429, headers: { "x-ratelimit-global": "true", "retry-after": "65" } },
      );
    expect(await discord.send(message, env)).toMatchObject({ outcome: "retry", afterMs: 64_570 });
    expect(await discord.send({ ...message, to: { chatId: "2" } }, env)).toMatchObject({ outcome: "retry" });
    expect(seen).toHaveLength(1);
  });

  it("may send us away in HTML: then the header counts", async () => {
    answer = () => new Response("<html>", { status: 429, headers: { "retry-after": "7" } });
    expect(await discord.send(message, env)).toMatchObject({ outcome: "retry", afterMs: 7000 });
  });
});

describe("a file", () => {
  const file = { kind: "file" as const, ref: "1/2/3" };
  const url = "https://cdn.discordapp.com/attachments/1/3/a.txt?ex=new";
  /** Everything but the API is somebody else's host. */
  const withFiles = (address: string) => {
    const { fetch: api } = env;
    const fetch = (async (input: string, init: RequestInit) =>
      String(input).startsWith(env.vars.DISCORD_API_ROOT!)
        ? api(input, init)
        : answer({ ...seen[0]!, path: input })) as typeof api;
    answer = ({ path }) =>
      path.startsWith("/channels")
        ? Response.json({ attachments: [{ id: "3", url: address }] })
        : new Response("bytes");
    return { ...env, fetch };
  };

  it("is fetched from its present address", async () => {
    const got = await discord.download(file, withFiles(url));
    expect(got.ok && (await new Response(got.body).text())).toBe("bytes");
    expect(seen[0]).toMatchObject({ method: "GET", path: "/channels/1/messages/2" });
  });

  it.each([
    "https://evil.test/a.txt",
    "http://cdn.discordapp.com/a.txt",
    "https://cdn.discordapp.com.evil.test/a",
    "x",
  ])("is not fetched from %s", async (address) => {
    for (const ref of [file.ref, address])
      expect(await discord.download({ ...file, ref }, withFiles(address))).toMatchObject({ ok: false });
  });

  it("that was taken away is told so", async () => {
    answer = () => Response.json({ attachments: [] });
    expect(await discord.download(file, env)).toEqual({
      ok: false,
      reason: expect.stringMatching(/not there/),
    });
  });
});

describe("against a local Discord", () => {
  let server: StartedDiscordServer;
  let live: ChannelEnv;
  const chat = () => ({ chatId: server.manifest.fixture.channelId });

  beforeAll(async () => {
    const recorderPath = join(mkdtempSync(join(tmpdir(), "discord-")), "calls.jsonl");
    server = await startDiscordServer({ recorderPath });
    const { botToken, applicationId, endpoints } = server.manifest;
    const vars = {
      DISCORD_BOT_TOKEN: botToken,
      DISCORD_APPLICATION_ID: applicationId,
      DISCORD_API_ROOT: endpoints.apiRoot,
    };
    live = discordEnv({ vars, fetch });
  });
  afterAll(() => server.close());

  it("every part of a long answer is taken, typing too, and an edit of what was sent", async () => {
    const parts = discord.render(`# Long\n\n${"Many **words** & <tags> in a_b. ".repeat(200)}`);
    expect(parts.length).toBeGreaterThan(2);
    let last: Sent | undefined;
    for (const part of parts) {
      last = await discord.send({ type: "message", to: chat(), part, key: `k${part.body.length}` }, live);
      expect(last).toMatchObject({ outcome: "sent" });
    }
    const messageId = last && "messageId" in last ? last.messageId : "";
    expect(await discord.send({ type: "edit", to: chat(), messageId, part, key }, live)).toEqual({
      outcome: "sent",
      messageId,
    });
    expect(await discord.send({ type: "typing", to: chat() }, live)).toMatchObject({ outcome: "sent" });
  });

  it("the slash commands are registered, and its word on the address is passed on", async () => {
    const commands = [
      { name: "status", help: "how it is" },
      { name: "memory", args: "[show|versions]", help: "x".repeat(300) },
    ];
    const report = await discord.setup!({ url: "https://flare.test", commands }, live);
    expect(report.said[0]).toContain("/ask /status /memory");
    expect(report.ok).toBe(false);
    expect(report.said.at(-1)).toContain("https://flare.test/webhook/discord");
  });
});

describe("set-up and probe", () => {
  const install = { url: "https://flare.test", commands: [{ name: "status", help: "how it is" }] };
  const application = { id: BOT, name: "Flare" };

  it("tell Discord the address, which it then calls", async () => {
    answer = ({ method }) =>
      Response.json(method === "PUT" ? [{ name: "ask" }, { name: "status" }] : application);
    const report = await discord.setup!(install, env);
    expect(report).toMatchObject({ ok: true });
    expect(seen).toMatchObject([
      { method: "PUT", path: `/applications/${BOT}/commands` },
      {
        method: "PATCH",
        path: "/applications/@me",
        body: { interactions_endpoint_url: "https://flare.test/webhook/discord" },
      },
    ]);
    for (const command of seen[0]!.body) {
      expect(command.name).toMatch(/^[-_\p{Ll}\p{N}]{1,32}$/u);
      expect(command.description.length).toBeLessThanOrEqual(100);
      expect(command.contexts).toEqual([0, 1]);
    }
  });

  it("give Discord no address that it cannot call", async () => {
    const report = await discord.setup!({ ...install, url: "http://127.0.0.1:8787" }, env);
    expect(report).toMatchObject({ ok: false });
    expect(seen).toHaveLength(1);
  });

  it.each([
    [{ verify_key: "0".repeat(64) }, /DISCORD_PUBLIC_KEY/],
    [{ id: "1" }, /DISCORD_APPLICATION_ID/],
    [{ interactions_endpoint_url: null }, /channels setup discord/],
  ])("find what does not fit: %j", async (odd, fix) => {
    const right = {
      ...application,
      verify_key: env.vars.DISCORD_PUBLIC_KEY,
      interactions_endpoint_url: "https://x.test/",
    };
    answer = () => Response.json(right);
    expect(await discord.probe!(env)).toMatchObject({ ok: true });
    answer = () => Response.json({ ...right, ...odd });
    const report = await discord.probe!(env);
    expect(report.ok).toBe(false);
    expect(report.said.join(" ")).toMatch(fix);
  });

  it.each([
    [{ state: "ready" as const }, true, /holds its connection/],
    [
      { state: "failed" as const, problem: "Discord does not allow this bot all of DISCORD_INTENTS: …" },
      false,
      /DISCORD_INTENTS/,
    ],
    [undefined, true, /slash commands/],
  ])("tell how the companion holds the Gateway: %j", async (connector, ok, words) => {
    answer = () =>
      Response.json({
        ...application,
        verify_key: env.vars.DISCORD_PUBLIC_KEY,
        interactions_endpoint_url: "https://x.test/",
      });
    const state = async () => connector && { channel: "discord", ...connector };
    const report = await discord.probe!({ ...env, companion: { state } as unknown as Companion });
    expect(report.ok).toBe(ok);
    expect(report.said.join(" ")).toMatch(words);
  });

  it("say what is wrong with the token without saying the token", async () => {
    refuse(401, 0, "401: Unauthorized");
    for (const report of [await discord.probe!(env), await discord.setup!(install, env)]) {
      expect(report.ok).toBe(false);
      expect(report.said.join(" ")).toContain("DISCORD_BOT_TOKEN");
      expect(report.said.join(" ")).not.toContain(BOT_TOKEN);
    }
  });
});

it("signs like the official library verifies", async () => {
  expect((await discord.receive(signed('{"type":1}'), discordEnv())).status).toBe(200);
});

describe("a press that is taken", () => {
  const path = `/webhooks/${BOT}/${TOKEN}`;

  it("is answered beside the message, to whoever pressed alone, and leaves the message", async () => {
    const data = { custom_id: "press:yes:1", component_type: 2 };
    const pressed = interaction({ type: 3, data, message: { id: "846462639134605000" } });
    const { events } = await discord.receive(pressed, discordEnv());
    const answerTo = (events[0] as Message).answerTo!;
    await discord.send({ type: "dismiss", to, answerTo }, env);
    expect(seen).toEqual([]);
    await discord.send({ type: "dismiss", to, answerTo, text: "Approved." }, env);
    expect(seen).toMatchObject([{ method: "POST", path, body: { content: "Approved.", flags: 68 } }]);
  });
});
