import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StartedDiscordServer, startDiscordServer } from "@openclaw/crabline";
import { afterEach, beforeEach, expect, test } from "vitest";
import { DiscordGateway } from "../../../bridge/discord/connector.ts";
import { GatewaySession } from "../../../bridge/discord/session.ts";
import type { Inbound, Message } from "../../../channels/channel.ts";
import { soon } from "../../soon.ts";

const PERSON = "135000000000000099";
let server: StartedDiscordServer;
let folder: string;
let events: Inbound[];
let said: string[];
let connector: DiscordGateway;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "discord-"));
  server = await startDiscordServer({ recorderPath: join(folder, "calls.jsonl") });
  events = [];
  said = [];
});
afterEach(async () => {
  await connector.stop();
  await server.close();
});

/** A companion's Discord, started. */
async function start(token = server.manifest.botToken): Promise<void> {
  const session = new GatewaySession(join(folder, "discord.db"), 4609);
  const host = {
    now: () => 1_800_000_000_000,
    event: (event: Inbound) => void events.push(event),
    raw: async () => {},
    changed: () => undefined,
    upload: async () => "",
    fetchMedia: async () => Buffer.alloc(0),
    say: (line: string) => void said.push(line),
    show: () => undefined,
  };
  const api = server.manifest.endpoints.apiRoot.replace(/\/v\d+$/, "");
  connector = new DiscordGateway(session, host, { token, intents: 4609, api });
  connector.start();
  await soon(() => expect(["ready", "failed"]).toContain(connector.state().state));
}

async function say(content: string): Promise<void> {
  const { adminToken, endpoints, fixture } = server.manifest;
  const answer = await fetch(endpoints.adminInboundUrl, {
    method: "POST",
    headers: { "content-type": "application/json", "x-crabline-admin-token": adminToken },
    body: JSON.stringify({
      channelId: fixture.channelId,
      guildId: fixture.guildId,
      senderId: PERSON,
      content,
    }),
  });
  expect(answer.status, await answer.text()).toBeLessThan(300);
}

test("what is said on Discord comes once, from whom and where", async () => {
  await start();
  await say(`<@${server.manifest.botUserId}> hello`);
  await soon(() => expect(events).toHaveLength(1));
  const [event] = events as Message[];
  expect(event).toMatchObject({
    kind: "message",
    address: `discord:${server.manifest.fixture.channelId}`,
    sender: { id: PERSON, isBot: false },
    mentioned: true,
    text: "hello",
  });
  expect(connector.state()).toMatchObject({ state: "ready", lastEventAt: 1_800_000_000_000 });
});

test("a companion that was started again goes on with its session, in which Discord tells what it missed", async () => {
  await start();
  await say("before");
  await soon(() => expect(events).toHaveLength(1));
  await connector.stop();
  await start();
  await say("after");
  await soon(() => expect(events.map((event) => (event as Message).text)).toEqual(["before", "after"]));
  // Only a new session says who we are.
  expect(said.filter((line) => line.includes("connected as"))).toHaveLength(1);
});

test("a token that Discord does not know is told and not tried for ever", async () => {
  await start("MTM1.wrong.token");
  expect(connector.state()).toMatchObject({ state: "failed", problem: expect.stringContaining("Discord") });
});
