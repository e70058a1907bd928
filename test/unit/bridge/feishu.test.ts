import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StartedFeishuServer, startFeishuServer } from "@openclaw/crabline";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Host } from "../../../bridge/connector.ts";
import { FeishuConnection } from "../../../bridge/feishu/connector.ts";
import { freePort } from "../../e2e/install.ts";
import { soon } from "../../soon.ts";

interface Raw {
  channel: string;
  lane: string;
  event: Record<string, unknown>;
  /** The Worker has it. */
  taken(): void;
}

const APP = { appId: "cli_0123456789abcdef", appSecret: "feishu-secret" };
let recorderPath: string;
let server: StartedFeishuServer;
let connector: FeishuConnection;
let port: number;
let raws: Raw[];
let said: string[];

async function serve(): Promise<void> {
  server = await startFeishuServer({ ...APP, recorderPath, port });
}

beforeEach(async () => {
  recorderPath = join(mkdtempSync(join(tmpdir(), "feishu-")), "calls.jsonl");
  port = await freePort();
  raws = [];
  said = [];
  await serve();
});
afterEach(async () => {
  await connector.stop();
  await server.close();
});

function start(secret = APP.appSecret, againMs = 1000): void {
  const host: Host = {
    now: () => 1_800_000_000_000,
    event: () => undefined,
    raw: (channel, lane, event) =>
      new Promise((taken) => raws.push({ channel, lane, event: event as Raw["event"], taken })),
    changed: () => undefined,
    upload: async () => "",
    fetchMedia: async () => Buffer.alloc(0),
    say: (line) => void said.push(line),
    show: () => undefined,
  };
  const domain = `http://127.0.0.1:${port}`;
  connector = new FeishuConnection({ appId: APP.appId, appSecret: secret, domain, againMs }, host);
  connector.start();
}

const isNow = (state: string) => soon(() => expect(connector.state().state).toBe(state));

async function write(text: string, chatId = "oc_1"): Promise<void> {
  const { endpoints, adminToken } = server.manifest;
  const headers = { authorization: `Bearer ${adminToken}`, "content-type": "application/json" };
  const body = JSON.stringify({ chatId, senderId: `ou_of_${chatId}`, text });
  const answer = await fetch(endpoints.adminInboundUrl, { method: "POST", headers, body });
  expect(answer.status, await answer.text()).toBe(200);
}

/** What the server noted, by its name. */
const noted = (stage: string) =>
  readFileSync(recorderPath, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).body.stage as string)
    .filter((one) => one.startsWith(stage));

test("an event is passed on as Feishu gave it, in the lane of its chat", async () => {
  start();
  await isNow("ready");
  await write("hello", "oc_1");
  await write("hi", "oc_2");
  await soon(() => expect(raws).toHaveLength(2));
  expect(raws.map(({ channel, lane }) => [channel, lane]).sort()).toEqual([
    ["feishu", "oc_1"],
    ["feishu", "oc_2"],
  ]);
  const sent = JSON.parse(JSON.stringify(raws.find(({ lane }) => lane === "oc_1")!.event));
  expect(sent).toMatchObject({
    event_type: "im.message.receive_v1",
    sender: { sender_id: { open_id: "ou_of_oc_1" } },
    message: { chat_id: "oc_1", content: '{"text":"hello"}' },
  });
  expect(connector.state().lastEventAt).toBe(1_800_000_000_000);
});

test("Feishu hears that an event arrived when the Worker has it, not before", async () => {
  start();
  await isNow("ready");
  await write("hello");
  await soon(() => expect(raws).toHaveLength(1));
  expect(noted("sdk.ack")).toEqual([]);
  raws[0]!.taken();
  await soon(() => expect(noted("sdk.ack")).toHaveLength(1));
});

test("a connection that the SDK gave up is made again", async () => {
  start();
  await isNow("ready");
  await server.close();
  await soon(() =>
    expect(said.some((line) => /^Feishu: .+/.test(line) && !/connected/.test(line))).toBe(true),
  );
  await serve();
  await isNow("ready");
  await write("back again");
  await soon(() => expect(raws).toHaveLength(1));
});

test("a wrong secret is told, and no state says that all is well", async () => {
  start("another-secret", 100);
  await isNow("failed");
  expect(said.join()).toContain("Feishu:");
  expect(said.join()).not.toContain("another-secret");
});
