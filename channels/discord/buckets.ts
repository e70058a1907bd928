/**
 * Discord's rate limits as its answers tell them, for this isolate: what is known to be refused is not asked for.
 * https://discord.com/developers/docs/topics/rate-limits
 */

const GLOBAL = "global";
const MOST = 1000;

/** When a bucket may be used again, in milliseconds since the epoch. */
const closedUntil = new Map<string, number>();
/** Discord's name for the bucket of a route; several routes may share one. */
const bucketOf = new Map<string, string>();

/** Method and path of a call, e.g. `POST` and `/channels/1/messages`. `host` keeps installs apart. */
export interface Route {
  host: string;
  method: string;
  path: string;
}

/** How long to wait before this call, in milliseconds; 0 where nothing is known against it. */
export function pauseBefore(route: Route, now: number): number {
  const until = Math.max(closedUntil.get(keyOf(route)) ?? 0, closedUntil.get(globalOf(route)) ?? 0);
  return Math.max(0, until - now);
}

/** Learns from an answer. `retryAfterMs` is what a 429 asks for. */
export function noteLimits(route: Route, headers: Headers, now: number, retryAfterMs?: number): void {
  if (closedUntil.size > MOST || bucketOf.size > MOST) forget(now);
  const bucket = headers.get("x-ratelimit-bucket");
  if (bucket) bucketOf.set(sort(route), bucket);
  const isGlobal = headers.get("x-ratelimit-global") === "true";
  const resetMs = Number(headers.get("x-ratelimit-reset-after") ?? 0) * 1000;
  const isEmpty = headers.get("x-ratelimit-remaining") === "0";
  const waitMs = retryAfterMs ?? (isEmpty ? resetMs : 0);
  if (waitMs > 0) closedUntil.set(isGlobal ? globalOf(route) : keyOf(route), now + waitMs);
}

function keyOf(route: Route): string {
  return `${route.host} ${bucketOf.get(sort(route)) ?? sort(route)} ${majorOf(route.path)}`;
}

function globalOf(route: Route): string {
  return `${route.host} ${GLOBAL}`;
}

/** Limits count for each channel and each webhook by itself. */
function majorOf(path: string): string {
  return /^\/(?:channels\/\d+|webhooks\/\d+\/[^/]+)/.exec(path)?.[0] ?? "";
}

function sort({ host, method, path }: Route): string {
  return `${host} ${method} ${path.slice(majorOf(path).length).replace(/\d+/g, ":id")}`;
}

function forget(now: number): void {
  for (const [key, until] of closedUntil) if (until <= now) closedUntil.delete(key);
  if (bucketOf.size > MOST) bucketOf.clear();
}
