import { readBytes, textOf } from "../body.ts";
import type { ChannelEnv, Received } from "../channel.ts";
import { jsonOf } from "../json.ts";
import { sameSecret } from "../secret.ts";
import { decrypt, isRecent, isSigned, signatureOf } from "./envelope.ts";
import { challenge, envelope } from "./event.ts";
import { fromEvent, NotAnEvent } from "./from-event.ts";
import { doorProblem } from "./problem.ts";

const BODY_CAP = 1024 * 1024;
/** What nobody signed may only be the short question whether this address is ours. */
const UNSIGNED_CAP = 8 * 1024;

/**
 * Reads one webhook request: 405 for another method, 401 when a secret is not set or the signature is missing, too old
 * or wrong, 413 above 1 MiB, 400 for what is no event, 503 when something has to be asked of Feishu and it does not
 * answer (it delivers again then). Kinds of events that we do not know are 200 without events.
 */
export async function receive(request: Request, env: ChannelEnv): Promise<Received> {
  if (request.method !== "POST") return refuse(405, "Post events here.");
  if (doorProblem(env.vars)) return refuse(401, "Feishu is not set up here.");
  const signature = signatureOf(request);
  if (signature && !isRecent(signature, env.now())) return refuse(401, "The signature is too old.");
  const body = await readBytes(request, signature ? BODY_CAP : UNSIGNED_CAP);
  if ("status" in body) return refuse(body.status, body.status === 413 ? "Too large." : "Not readable.");
  if (signature && !(await isSigned(body.bytes, signature, env.vars.FEISHU_ENCRYPT_KEY!)))
    return refuse(401, "The signature is wrong.");
  const said = await opened(textOf(body.bytes), env.vars.FEISHU_ENCRYPT_KEY!);
  const asked = challenge.safeParse(said);
  if (asked.success) return answered(asked.data, env.vars);
  return signature ? events(said, env) : refuse(401, "The signature is missing.");
}

function refuse(status: number, body: string): Received {
  return { status, body, events: [] };
}

/** The body as JSON, decrypted where it is encrypted; undefined for anything else. */
async function opened(text: string | undefined, encryptKey: string): Promise<unknown> {
  const outer = jsonOf(text) as { encrypt?: unknown } | undefined;
  if (typeof outer?.encrypt !== "string") return outer;
  return jsonOf((await decrypt(outer.encrypt, encryptKey)) ?? "");
}

/** Feishu asks without a signature when the address is entered; the token tells that it is Feishu. */
async function answered(asked: { challenge: string; token: string }, vars: ChannelEnv["vars"]) {
  if (!(await sameSecret(asked.token, vars.FEISHU_VERIFICATION_TOKEN!)))
    return refuse(401, "The verification token is wrong.");
  return { status: 200, json: { challenge: asked.challenge }, events: [] };
}

async function events(said: unknown, env: ChannelEnv): Promise<Received> {
  const event = envelope.safeParse(said);
  // Events of version 1.0 have another shape. They are none of ours.
  if (!event.success) return isObject(said) ? { status: 200, events: [] } : refuse(400, "Not an event.");
  const token = event.data.header.token ?? "";
  if (!(await sameSecret(token, env.vars.FEISHU_VERIFICATION_TOKEN!)))
    return refuse(401, "The verification token is wrong.");
  try {
    return { status: 200, events: await fromEvent(said, env) };
  } catch (error) {
    if (error instanceof NotAnEvent) return refuse(400, error.message);
    return refuse(503, "Feishu does not answer.");
  }
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
