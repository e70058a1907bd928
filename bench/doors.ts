import { createCipheriv, createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Install, startInstall, update } from "./install.ts";
import { figure, paced, type Signed } from "./measure.ts";
import type { BenchPeers } from "./peers.ts";

const CONNECTIONS = 32;
/** Deliveries a second in all: more than the busiest group makes. */
const PACE = 200;
const COUNT = 3000;
const CHATS = 16;
const KEY = "bench-encrypt-key";
const keys = generateKeyPairSync("ed25519");
let serial = 0;

/** A platform's deliveries: a message of a person who may wake the assistant, or of one who may not. */
interface Platform {
  name: string;
  address(chat: number): string;
  deliver(chat: number, allowed: boolean): Signed;
}

const telegram: Platform = {
  name: "telegram",
  address: (chat) => `telegram:${-9000 - chat}`,
  deliver: (chat, allowed) => ({
    headers: { "content-type": "application/json", "x-telegram-bot-api-secret-token": "bench-secret" },
    body: JSON.stringify(update(-9000 - chat, "@Flare hello", "Family", allowed ? 1001 : 1002)),
  }),
};

const discord: Platform = {
  name: "discord",
  address: (chat) => `discord:${channelOf(chat)}`,
  deliver: (chat, allowed) => {
    const ask = payload("discord", "ask");
    const id = channelOf(chat);
    ask.member.user.id = allowed ? "1001" : "1002";
    Object.assign(ask, { id: String(700_000_000_000 + ++serial), channel_id: id });
    Object.assign(ask.channel, { id, name: `family-${chat}` });
    const body = JSON.stringify(ask);
    const at = String(Math.floor(Date.now() / 1000));
    const signature = sign(null, Buffer.from(at + body), keys.privateKey).toString("hex");
    return { headers: { "x-signature-timestamp": at, "x-signature-ed25519": signature }, body };
  },
};

const feishu: Platform = {
  name: "feishu",
  address: (chat) => `feishu:oc_bench${chat}`,
  deliver: (chat, allowed) => {
    const event = payload("feishu", "group-mention");
    event.header.token = "bench-token";
    event.event.sender.sender_id = { open_id: allowed ? "ou_1001" : "ou_1002" };
    Object.assign(event.event.message, {
      chat_id: `oc_bench${chat}`,
      message_id: `om_bench${++serial}`,
      create_time: String(Date.now()),
    });
    const body = JSON.stringify({ encrypt: encrypted(JSON.stringify(event)) });
    const at = String(Math.floor(Date.now() / 1000));
    const signature = createHash("sha256").update(`${at}nonce${KEY}${body}`).digest("hex");
    const headers = { "x-lark-request-timestamp": at, "x-lark-request-nonce": "nonce" };
    return { headers: { ...headers, "x-lark-signature": signature }, body };
  },
};

/** How long each webhook takes to answer, at 32 connections: each delivery is a row then. */
export async function doors(peers: BenchPeers): Promise<void> {
  const rest = await startRest();
  const install = await startInstall(peers, undefined, {
    ALLOW_FROM: "telegram:1001,discord:1001,feishu:ou_1001",
    DISCORD_API_ROOT: rest.url,
    DISCORD_BOT_TOKEN: "bench",
    DISCORD_APPLICATION_ID: "424242424242424242",
    DISCORD_PUBLIC_KEY: keys.publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex"),
    FEISHU_API_ROOT: rest.url,
    FEISHU_APP_ID: "cli_0123456789abcdef",
    FEISHU_APP_SECRET: "bench",
    FEISHU_ENCRYPT_KEY: KEY,
    FEISHU_VERIFICATION_TOKEN: "bench-token",
  });
  for (const platform of [telegram, discord, feishu]) await measure(install, platform);
  await install.remove();
  rest.close();
}

async function measure(install: Install, { name, address, deliver }: Platform): Promise<void> {
  const url = `${install.url}/webhook/${name}`;
  for (let chat = 0; chat < CHATS; chat++) {
    await paced(url, [deliver(chat, true)], 1, PACE);
    await install.api("/groups", "POST", { name: address(chat) });
  }
  const some = (count: number) => Array.from({ length: count }, (_, n) => deliver(n % CHATS, false));
  await paced(url, some(COUNT / 6), CONNECTIONS, PACE);
  const { p50, p99 } = await paced(url, some(COUNT), CONNECTIONS, PACE);
  figure(`${name}'s webhook at 32 connections, ${PACE} a second, p50`, p50, "ms", { most: 10 });
  figure(`${name}'s webhook at 32 connections, ${PACE} a second, p99`, p99, "ms", { most: 250 });
}

/** Discord's and Feishu's own API: knows the bot, gives a token, and takes everything. */
async function startRest(): Promise<{ url: string; close(): void }> {
  const known = { code: 0, msg: "ok", tenant_access_token: "t", expire: 7200, bot: { open_id: "ou_bot" } };
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ...known, id: "1", data: { name: "Family", message_id: "om_1" } }));
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

function channelOf(chat: number): string {
  return String(645_027_906_669_000_000n + BigInt(chat));
}

function encrypted(text: string): string {
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-256-cbc", createHash("sha256").update(KEY).digest(), iv);
  return Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final()]).toString("base64");
}

// biome-ignore lint/suspicious/noExplicitAny: payloads are as the platforms send them
function payload(channel: string, name: string): any {
  return JSON.parse(
    readFileSync(new URL(`../channels/${channel}/updates/${name}.json`, import.meta.url), "utf8"),
  );
}
