import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ChannelEnv } from "../../../channels/channel.ts";
import { envWith } from "./env.ts";

/*
 * What Discord sends, after the examples of its documentation:
 * https://discord.com/developers/docs/interactions/application-commands#slash-commands-example-interaction
 * https://discord.com/developers/docs/components/reference#button-interaction-response-structure
 * https://discord.com/developers/docs/resources/message#message-object-example-message
 * https://discord.com/developers/docs/events/gateway-events#message-create
 */

const keys = generateKeyPairSync("ed25519");
const publicKey = keys.publicKey.export({ format: "der", type: "spki" }).subarray(-32).toString("hex");

export const BOT = "424242424242424242";
export const BOT_TOKEN = "NDI0MjQy.token-of_the-tests";
export const NOW = 1_795_241_700_000;

export const VARS = {
  DISCORD_BOT_TOKEN: BOT_TOKEN,
  DISCORD_APPLICATION_ID: BOT,
  DISCORD_PUBLIC_KEY: publicKey,
};

export function discordEnv(overrides: Partial<ChannelEnv> = {}): ChannelEnv {
  return envWith({ vars: VARS, now: () => NOW, ...overrides });
}

let serial = 0n;

/** An id made at that moment, and no other's. */
export function snowflake(at = NOW): string {
  return String((BigInt(at - 1_420_070_400_000) << 22n) + ++serial);
}

// biome-ignore lint/suspicious/noExplicitAny: payloads are as Discord sends them
export type Payload = any;

const folder = fileURLToPath(new URL("../../../channels/discord/updates/", import.meta.url));

/** The payload of that name with other fields. Interactions get an id of `at`. */
export function payload(name: string, changes: Payload = {}): Payload {
  const captured = JSON.parse(readFileSync(`${folder}${name}.json`, "utf8"));
  return { ...captured, ...("token" in captured ? { id: snowflake() } : {}), ...changes };
}

/** What a signed request may be wrong about. */
export interface Signing {
  at?: number;
  key?: typeof keys.privateKey;
}

/** A request to the interactions endpoint as Discord signs it. */
export function signed(
  body: string | Uint8Array<ArrayBuffer>,
  { at = NOW, key = keys.privateKey }: Signing = {},
): Request {
  const timestamp = String(Math.floor(at / 1000));
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const signature = sign(null, Buffer.concat([Buffer.from(timestamp), bytes]), key).toString("hex");
  const headers = { "x-signature-ed25519": signature, "x-signature-timestamp": timestamp };
  return new Request("https://x.test/webhook/discord", { method: "POST", body, headers });
}

export function interaction(changes: Payload = {}): Request {
  return signed(JSON.stringify(payload("ask", changes)));
}

/** Somebody else's key. */
export const foreignKey = generateKeyPairSync("ed25519").privateKey;

/** A message as MESSAGE_CREATE has it. */
export function message(changes: Payload = {}): Payload {
  return payload("message", { id: snowflake(), ...changes });
}
