import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import type { ChannelEnv } from "../../../channels/channel.ts";

/*
 * The payloads in channels/feishu/updates are made after the platform's own examples, with their ids:
 * https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/events/receive
 * https://open.feishu.cn/document/server-docs/im-v1/message-content-description/message_content
 */

export const BOT = "ou_b0700000000000000000000000000001";
export const SENDER = "ou_84aad35d084aa403a838cf73ee18467";
export const NOW = 1_795_241_700_000;

export const secrets = {
  FEISHU_APP_ID: "cli_9f5343c580712544",
  FEISHU_APP_SECRET: "app-secret-of-the-tests",
  FEISHU_ENCRYPT_KEY: "encrypt-key-of-the-tests",
  FEISHU_VERIFICATION_TOKEN: "rvaYgkND1iOiu5MM0E1rncYC6PLtF7JV",
};

const folder = new URL("../../../channels/feishu/updates/", import.meta.url);

/** The payload of that name. A fresh copy each time, so that a test may change it. */
// biome-ignore lint/suspicious/noExplicitAny: payloads are as Feishu sends them
export function payload(name: string): any {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
}

export const payloadNames = readdirSync(folder).map((file) => file.replace(/\.json$/, ""));

/** What the platform answers to a path of its API, with a status and headers where they matter. */
export interface Reply {
  status?: number;
  headers?: Record<string, string>;
  value: unknown;
}

/** A request that the channel made. */
export interface Asked {
  method: string;
  path: string;
  authorization: string | null;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of any call
  body: any;
}

let installs = 0;

/**
 * An install of its own (what is cached of another one is not known here) and a platform that knows the bot, gives
 * tokens and answers everything else as the test says; `undefined` is a platform that cannot be reached.
 */
export function install(answer: (asked: Asked) => Reply | undefined = () => missing, vars = {}) {
  const asked: Asked[] = [];
  const root = `https://feishu-${++installs}.test`;
  const fetch = async (input: string, init: RequestInit) => {
    const { pathname, search } = new URL(input);
    const one: Asked = {
      method: init.method ?? "GET",
      path: pathname.replace("/open-apis", "") + search,
      authorization: new Headers(init.headers).get("authorization"),
      body: init.body ? JSON.parse(String(init.body)) : undefined,
    };
    asked.push(one);
    const own = answer(one);
    const reply = own === missing ? (usual[one.path] ?? missing) : own;
    const { status = 200, headers, value } = reply ?? { value: undefined };
    if (value === undefined) throw new TypeError("fetch failed");
    return value instanceof Uint8Array
      ? new Response(value as Uint8Array<ArrayBuffer>, { status, headers })
      : Response.json(value, { status, headers });
  };
  const env: ChannelEnv = {
    vars: { ...secrets, FEISHU_API_ROOT: root, ...vars },
    fetch: fetch as typeof globalThis.fetch,
    fetchNamed: fetch,
    now: () => NOW,
  };
  const calls = () => asked.filter(({ path }) => !path.startsWith("/auth/"));
  return { env, asked, calls };
}

/** The answer of a platform that knows nothing of what it was asked; for the bot and the token it is the usual one. */
export const missing: Reply = { status: 400, value: { code: 230001, msg: "invalid" } };
export const token: Reply = { value: { code: 0, msg: "ok", tenant_access_token: "t-1", expire: 7200 } };
const usual: Record<string, Reply> = {
  "/auth/v3/tenant_access_token/internal": token,
  "/bot/v3/info": { value: { code: 0, msg: "ok", bot: { app_name: "Flare", open_id: BOT } } },
};

/** Encrypts as the platform does, by Node's crypto. */
export function encrypt(value: unknown, key = secrets.FEISHU_ENCRYPT_KEY): { encrypt: string } {
  const iv = randomBytes(16);
  const cipher = createCipheriv("aes-256-cbc", createHash("sha256").update(key).digest(), iv);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return { encrypt: Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final()]).toString("base64") };
}

/** The headers of a request that the platform signed. */
export function signed(body: string, key = secrets.FEISHU_ENCRYPT_KEY, seconds = NOW / 1000) {
  const [timestamp, nonce] = [String(Math.floor(seconds)), "1609073152345"];
  const signature = createHash("sha256").update(`${timestamp}${nonce}${key}${body}`).digest("hex");
  return {
    "x-lark-request-timestamp": timestamp,
    "x-lark-request-nonce": nonce,
    "x-lark-signature": signature,
  };
}

/** A webhook request with these bytes; signed as it should be unless headers are given. */
export function post(body: string, headers: Record<string, string> = signed(body)): Request {
  return new Request("https://flare.test/webhook/feishu", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
}

/** An event as the webhook gets it: encrypted and signed. */
export function delivered(event: unknown): Request {
  return post(JSON.stringify(encrypt(event)));
}
