import { verifyKey } from "discord-interactions";
import { readBytes, textOf } from "../body.ts";
import type { ChannelEnv, Received } from "../channel.ts";
import { isEnabled } from "../enabled.ts";
import { jsonOf } from "../json.ts";
import { readInteraction } from "./interaction.ts";

const BODY_CAP = 1024 * 1024;

/** Discord wants an answer within 3 seconds; what is minutes old is somebody's repetition. It sets no window itself. */
const WINDOW_MS = 5 * 60_000;

/** Without all of them nothing could be answered, so no event is taken; Discord's PING only needs the key. */
export const NEEDS = ["DISCORD_BOT_TOKEN", "DISCORD_APPLICATION_ID", "DISCORD_PUBLIC_KEY"] as const;
/** 32 bytes. */
export const KEY = /^[\da-f]{64}$/i;

interface Proof {
  signature: string;
  timestamp: string;
  publicKey: string;
}

/**
 * Reads one request to the interactions endpoint: 405 for another method, 401 before the body is read when a header
 * is missing, malformed or old or no key is set, 413 above 1 MiB, 401 for a wrong signature of the raw bytes, 400 for
 * what is no interaction, 503 while a variable is missing that the answer needs. Kinds that we do not know are told so,
 * without events.
 */
export async function receive(request: Request, env: ChannelEnv): Promise<Received> {
  if (request.method !== "POST") return refuse(405, "Post interactions here.");
  const proof = proofOf(request, env);
  if (!proof) return refuse(401, "The signature is missing or old, or DISCORD_PUBLIC_KEY is not set.");
  const body = await readBytes(request, BODY_CAP);
  if ("status" in body) return refuse(body.status, body.status === 413 ? "Too large." : "Not readable.");
  const { signature, timestamp, publicKey } = proof;
  if (!(await verifyKey(body.bytes, signature, timestamp, publicKey)))
    return refuse(401, "The signature is wrong.");
  const received = readInteraction(jsonOf(textOf(body.bytes)));
  const lacking = NEEDS.find((name) => !env.vars[name]);
  if (lacking && received.events.length > 0) return refuse(503, `${lacking} is not set.`);
  return received;
}

/** https://discord.com/developers/docs/interactions/overview#validating-security-request-headers */
function proofOf({ headers }: Request, { vars, now }: ChannelEnv): Proof | undefined {
  const signature = headers.get("x-signature-ed25519") ?? "";
  const timestamp = headers.get("x-signature-timestamp") ?? "";
  const publicKey = vars.DISCORD_PUBLIC_KEY ?? "";
  const wellFormed = /^[\da-f]{128}$/i.test(signature) && /^\d{1,12}$/.test(timestamp);
  const recent = Math.abs(now() - Number(timestamp) * 1000) <= WINDOW_MS;
  const mayUse = isEnabled("discord", vars) && KEY.test(publicKey);
  return wellFormed && recent && mayUse ? { signature, timestamp, publicKey } : undefined;
}

function refuse(status: number, body: string): Received {
  return { status, body, events: [] };
}
