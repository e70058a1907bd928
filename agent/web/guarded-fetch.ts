import { checkAddress, type GatePorts } from "./gate.ts";
import { GateError } from "./gate-error.ts";

/** A request, and its caps. */
export interface GuardedInit {
  method?: string;
  headers?: HeadersInit;
  body?: BodyInit | null;
  signal?: AbortSignal | null;
  /** `manual` gives a redirect as the answer; `error` refuses it [follow]. */
  redirect?: RequestInit["redirect"];
  /** Redirects that are followed [5]. */
  maxHops?: number;
  /** Bytes of the answer, after decompression [5 MiB]. */
  maxBytes?: number;
  /** Milliseconds for everything: names, redirects and the last byte of the body [30 s]. */
  timeoutMs?: number;
}

const MAX_HOPS = 5;
const MAX_BYTES = 5 * 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** What another origin may learn of a request. Everything else (cookies, tokens, keys of any name) stays behind. */
const HARMLESS = ["accept", "accept-language", "user-agent"];
const OF_THE_BODY = ["content-type", "content-length", "content-encoding", "content-language"];
const REDIRECTS = [301, 302, 303, 307, 308];

/**
 * The one way out for every request whose address a model, a member or a server named. Each hop's address is checked
 * before it is called. `response.url` is the last one. Headers and bodies never cross origins by a redirect.
 *
 * Throws `GateError` where it refuses; the body's stream fails with one above `maxBytes` or after `timeoutMs`.
 * *Contract:* read the body or cancel it.
 */
export async function guardedFetch(
  address: string | URL,
  init: GuardedInit,
  ports: GatePorts,
): Promise<Response> {
  const limit = AbortSignal.timeout(init.timeoutMs ?? TIMEOUT_MS);
  const signal = init.signal ? AbortSignal.any([limit, init.signal]) : limit;
  try {
    const { url, response } = await follow(String(address), init, ports, signal);
    return await bounded(response, url, init.maxBytes ?? MAX_BYTES, signal);
  } catch (error) {
    throw init.signal?.aborted ? init.signal.reason : told(error, limit);
  }
}

interface Hop {
  method: string;
  headers: Headers;
  body: BodyInit | null;
}

async function follow(address: string, init: GuardedInit, ports: GatePorts, signal: AbortSignal) {
  let hop: Hop = {
    method: init.method?.toUpperCase() ?? "GET",
    headers: new Headers(init.headers),
    body: init.body ?? null,
  };
  let url = await checkAddress(address, ports, signal);
  for (let hops = 0; ; hops++) {
    const response = await ports.fetch(url.href, { ...hop, redirect: "manual", signal });
    const location = REDIRECTS.includes(response.status) && response.headers.get("location");
    if (!location || init.redirect === "manual") return { url, response };
    await response.body?.cancel();
    if (init.redirect === "error" || hops >= (init.maxHops ?? MAX_HOPS))
      throw new GateError("redirect", `${url.host} redirects too often.`);
    if (!URL.canParse(location, url.href))
      throw new GateError("redirect", `${url.host} redirects to an address that is none.`);
    // Nobody outside sends us to what is inside.
    const inside = ports.inside.includes(url.host) ? ports.inside : [];
    const next = await checkAddress(new URL(location, url).href, { ...ports, inside }, signal);
    hop = nextHop(hop, response.status, url, next);
    url = next;
  }
}

/** https://fetch.spec.whatwg.org/#http-redirect-fetch, but nothing private goes to another origin. */
function nextHop({ method, headers, body }: Hop, status: number, from: URL, to: URL): Hop {
  const asGet = status === 303 ? method !== "HEAD" : status < 303 && method === "POST";
  const same = from.origin === to.origin;
  if (!asGet && !same && method !== "GET" && method !== "HEAD")
    throw new GateError("redirect", `${from.host} would have the request sent to ${to.host}; it is not.`);
  if (!asGet && body instanceof ReadableStream)
    throw new GateError("redirect", `${from.host} redirects a request that cannot be sent twice.`);
  const kept = new Headers();
  for (const [name, value] of headers) {
    if (!same && !HARMLESS.includes(name)) continue;
    if (asGet && OF_THE_BODY.includes(name)) continue;
    kept.set(name, value);
  }
  return { method: asGet ? "GET" : method, headers: kept, body: asGet ? null : body };
}

/** The same answer with a body that ends with an error above the cap. */
async function bounded(
  response: Response,
  url: URL,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Response> {
  const tooLarge = new GateError("size", `The answer of ${url.host} is larger than ${inWords(maxBytes)}.`);
  if (Number(response.headers.get("content-length") ?? 0) > maxBytes) {
    await response.body?.cancel();
    throw tooLarge;
  }
  const body = response.body?.pipeThrough(capped(maxBytes, tooLarge), { signal }) ?? null;
  const { status, statusText, headers } = response;
  const copy = new Response(body, { status, statusText, headers });
  Object.defineProperty(copy, "url", { value: url.href });
  return copy;
}

function capped(maxBytes: number, tooLarge: GateError): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > maxBytes) controller.error(tooLarge);
      else controller.enqueue(chunk);
    },
  });
}

function told(error: unknown, limit: AbortSignal): GateError {
  if (error instanceof GateError) return error;
  if (limit.aborted) return new GateError("time", "The answer took too long.");
  return new GateError("network", "Nobody answered at this address.");
}

function inWords(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.round(bytes / 1024)} KB` : `${Math.round(bytes / 1024 / 1024)} MB`;
}
