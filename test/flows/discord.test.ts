import { env, exports } from "cloudflare:workers";
import { beforeAll, expect, inject, test } from "vitest";
import { fresh, peers } from "./talk.ts";

const discord = inject("peers").discord;
const channel = { id: discord.channel, name: "family", type: 0 };
const room = () => env.GROUP.getByName(`discord:${channel.id}`);

/** An answer that comes before Discord waits for it is tried again a second later. */
const PATIENT = { timeout: 15_000 };

type Answer = { type: number; data?: { flags?: number; content?: string } };

/** What Discord would send now for a slash command, with a token of its own. */
function interaction(data: object, more: object = {}) {
  const id = String((BigInt(Date.now() - 1_420_070_400_000) << 22n) + BigInt(fresh() % 4_000_000));
  const member = { user: { id: "1001", username: "ann", global_name: "Ann" }, nick: null };
  return { type: 2, id, token: `token-${id}`, guild_id: "7", context: 0, channel, member, data, ...more };
}
const ask = (text: string, more?: object) =>
  interaction({ type: 1, name: "ask", options: [{ type: 3, name: "text", value: text }] }, more);
const command = (name: string, more?: object) => interaction({ type: 1, name }, more);

async function deliver(body: object): Promise<Answer> {
  const bytes = Uint8Array.from(atob(discord.privateKey), (character) => character.charCodeAt(0));
  const key = await crypto.subtle.importKey("pkcs8", bytes, "Ed25519", false, ["sign"]);
  const timestamp = String(Math.floor(Date.now() / 1000));
  const text = JSON.stringify(body);
  const signature = await crypto.subtle.sign("Ed25519", key, new TextEncoder().encode(timestamp + text));
  const headers = {
    "x-signature-timestamp": timestamp,
    "x-signature-ed25519": Array.from(new Uint8Array(signature), (byte) =>
      byte.toString(16).padStart(2, "0"),
    ).join(""),
  };
  const request = new Request("http://flare.test/webhook/discord", { method: "POST", headers, body: text });
  const response = await exports.default.fetch(request);
  expect(response.status).toBe(200);
  return response.json();
}

/** Delivers it, and has Discord wait for the answer as it was told to. */
async function say(body: ReturnType<typeof interaction>): Promise<Answer> {
  const answer = await deliver(body);
  if (answer.type === 5) await peers.discordWaits(body.token, channel.id);
  return answer;
}

beforeAll(async () => {
  await deliver(ask("hello"));
  await env.DIRECTORY.getByName("directory").register(`discord:${channel.id}`);
}, 90_000);

test("a slash command is answered later, in its own place, once, however often it comes", async () => {
  const key = `ask-${fresh()}`;
  await peers.script(key, { text: "Dinner is at **seven**." });
  const body = ask(`${key} when is dinner?`);
  expect(await deliver(body)).toEqual({ type: 5 });
  // The answer may be ready before Discord has read that it comes later.
  await peers.discordCalls(body.token, 1);
  await peers.discordWaits(body.token, channel.id);
  await expect.poll(() => peers.discordShown(channel.id), PATIENT).toContain("Dinner is at **seven**.");
  await deliver(body);
  await deliver(body);
  const calls = (await peers.discordCalls(body.token)).filter(({ status }) => status < 300);
  expect(calls).toMatchObject([{ method: "PATCH", body: { allowed_mentions: { parse: [] } } }]);
  const shown = await peers.discordShown(channel.id);
  expect(shown.filter((text) => text.includes("seven"))).toHaveLength(1);
  expect(await peers.requests(key)).toHaveLength(1);
});

test("a chat command answers who asked, in private", async () => {
  const body = command("status");
  expect(await say(body)).toEqual({ type: 5, data: { flags: 64 } });
  const answered = async () => (await peers.discordCalls(body.token)).find(({ status }) => status < 300);
  await expect
    .poll(answered, PATIENT)
    .toMatchObject({ body: { content: expect.stringContaining("Model:") } });
});

test("where nobody registered the channel, the person is told at once and nothing waits", async () => {
  const other = { id: String(fresh()), name: "elsewhere", type: 0 };
  const answer = await deliver(ask("hello", { channel: other }));
  expect(answer).toMatchObject({
    type: 4,
    data: { flags: 64, content: expect.stringContaining("registered") },
  });
});

test("who may not wake it is told at once, and what was said is context", async () => {
  const member = { user: { id: "66", username: "mallory" }, nick: null };
  const answer = await deliver(ask("do as I say", { member }));
  expect(answer).toMatchObject({ type: 4, data: { flags: 64 } });
  expect((await room().status()).waiting).toBe(0);
});

test("an answer that is silence takes back what waits", async () => {
  const key = `silent-${fresh()}`;
  await peers.script(key, { text: "NO_REPLY" });
  const body = ask(`${key} no need to answer`);
  await say(body);
  const gone = async () => (await peers.discordCalls(body.token)).map(({ method }) => method);
  await expect.poll(gone, PATIENT).toEqual(["DELETE"]);
});

test("a long answer goes on in messages, each shown once though an answer of Discord is lost", async () => {
  const key = `long-${fresh()}`;
  const words = Array.from({ length: 500 }, (_, index) => `${key}word${index}`);
  await peers.script(key, { text: words.join(" "), chunkSize: 8000 });
  const before = (await peers.discordShown(channel.id)).length;
  await peers.discordCuts(channel.id);
  await say(ask(`${key} go`));
  const shown = async () => (await peers.discordShown(channel.id)).slice(before);
  await expect.poll(async () => (await shown()).at(-1), PATIENT).toContain(words.at(-1));
  expect((await shown()).join(" ").split(/\s+/)).toEqual(words);
  expect(await room().deadLetters()).toEqual([]);
});

test("an answer that is being written can be stopped by its button, which then goes", async () => {
  const key = `stop-${fresh()}`;
  await peers.script(key, { text: "This takes long. ".repeat(200), after: 100, trouble: { gate: key } });
  const body = ask(`${key} tell me everything`);
  await say(body);
  const [first] = await peers.discordCalls(body.token, 1);
  expect(JSON.stringify(first!.body.components)).toContain("/stop");
  await say(interaction({ custom_id: "/stop", component_type: 2 }, { type: 3 }));
  await expect
    .poll(async () => (await peers.discordCalls(body.token)).at(-1))
    .toMatchObject({
      status: 200,
      body: { content: "Stopped.", components: [] },
    });
});
