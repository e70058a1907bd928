import { MEDIA_CAP } from "../channels/frames.ts";
import { sameSecret } from "../channels/secret.ts";
import type { Config } from "../durable-objects/config.ts";
import { LINE } from "../durable-objects/links/rpc.ts";

const HASH = /^[0-9a-f]{64}$/;

/** The companion's socket. Who has no BRIDGE_TOKEN is refused before the upgrade. */
export async function bridge(request: Request, env: Env, config: Config): Promise<Response> {
  const refusal = await refuse(request, config);
  if (refusal) return refusal;
  if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
    return said(426, "Connect with a WebSocket.");
  return env.LINKS.getByName(LINE).fetch(request);
}

/**
 * Takes a file that the companion fetched, at most 20 MB, until its group asks for it: 411 without a length, 413 above
 * the cap. `id`: 64 hex digits, by which the companion names it.
 */
export async function keepMedia(id: string, request: Request, env: Env, config: Config): Promise<Response> {
  const refusal = await refuse(request, config);
  if (refusal) return refusal;
  if (!HASH.test(id)) return said(404, "A file is named by 64 hex digits.");
  const length = request.headers.get("content-length") ?? "";
  if (!/^\d+$/.test(length) || !request.body) return said(411, "Say the file's length.");
  if (Number(length) > MEDIA_CAP) return said(413, "Send at most 20 MB.");
  const key = `media/companion/${id}`;
  await env.FILES.put(key, request.body);
  return Response.json({ key });
}

/** Gives the companion a file that a group sends: `media/<folder>/<sha256>`, as its command names it. */
export async function giveMedia(
  { folder, id }: { folder: string; id: string },
  request: Request,
  env: Env,
  config: Config,
): Promise<Response> {
  const refusal = await refuse(request, config);
  if (refusal) return refusal;
  const object = HASH.test(id) ? await env.FILES.get(`media/${folder}/${id}`) : null;
  if (!object) return said(404, "There is no file with this name.");
  const headers = { "content-type": "application/octet-stream", "content-length": String(object.size) };
  return new Response(object.body, { headers });
}

async function refuse(request: Request, { vars }: Config): Promise<Response | undefined> {
  const token = vars.BRIDGE_TOKEN;
  if (!token) return said(403, "BRIDGE_TOKEN is not set. Set it with: npx wrangler secret put BRIDGE_TOKEN");
  const given = /^Bearer\s+(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  if (given === undefined) return said(401, "Send BRIDGE_TOKEN as a bearer token.");
  return (await sameSecret(given, token))
    ? undefined
    : said(401, "The token is not this install's BRIDGE_TOKEN.");
}

function said(status: number, text: string): Response {
  return new Response(`${text}\n`, { status, headers: { "content-type": "text/plain; charset=utf-8" } });
}
