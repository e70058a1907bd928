import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { matchedRoutes } from "hono/route";
import { authorize, OWNER, VISITOR } from "../agent/authorize.ts";
import { sameSecret } from "../channels/secret.ts";
import { DIRECTORY } from "../durable-objects/directory/rpc.ts";
import type { Doors } from "./doors.ts";

/**
 * The name of the console's cookie. It holds the port, since browsers give a host's cookies to all its ports: two
 * installs on one machine keep their sessions. `__Host-` would need HTTPS, which the local start has not.
 */
export function sessionCookie(url: string): string {
  const { port } = new URL(url);
  return port ? `nanoflare_session_${port}` : "nanoflare_session";
}

/**
 * Lets a request through to the route that it matches, where `authorize` says that whoever asks may. The owner is the
 * bearer of ADMIN_TOKEN, or a console session whose request comes from the console's own pages.
 */
export const guard = createMiddleware<Doors>(async (c, next) => {
  const name = routeOf(c);
  if (name === undefined || authorize(VISITOR, { kind: "route", name }).ok) return next();
  const refusal = c.get("actor") ? undefined : await refuse(c);
  if (refusal) return c.json({ error: refusal.text }, refusal.status);
  c.set("actor", OWNER);
  const verdict = authorize(OWNER, { kind: "route", name });
  return verdict.ok ? next() : c.json({ error: verdict.reason }, 403);
});

/** The route that will answer, e.g. `GET /api/chat/:address/history`. Middleware ends in a star. */
function routeOf(c: Context<Doors>): string | undefined {
  const route = matchedRoutes(c).find(({ path }) => !path.endsWith("*"));
  return route && `${route.method} ${route.path}`;
}

/** Whether the request carries a valid console session. */
export async function hasSession(c: Context<Doors>): Promise<boolean> {
  const token = getCookie(c, sessionCookie(c.req.url));
  return token !== undefined && (await c.env.DIRECTORY.getByName(DIRECTORY).session(token));
}

interface Refusal {
  text: string;
  status: 401 | 403;
}

async function refuse(c: Context<Doors>): Promise<Refusal | undefined> {
  const bearer = /^Bearer\s+(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  const token = c.get("config").vars.ADMIN_TOKEN;
  // The cookie travels by itself: only our own pages may use it.
  if (bearer === undefined && (await hasSession(c))) return ownPage(c) ? undefined : FOREIGN;
  if (!token) return UNSET;
  if (bearer === undefined) return NOBODY;
  return (await sameSecret(bearer, token)) ? undefined : WRONG;
}

const FOREIGN: Refusal = { text: "This request did not come from the console's own page.", status: 403 };
const UNSET: Refusal = {
  text: "ADMIN_TOKEN is not set, so the API refuses everybody. Set it with: npx wrangler secret put ADMIN_TOKEN",
  status: 403,
};
const NOBODY: Refusal = {
  text: "Send ADMIN_TOKEN as a bearer token, or open the console with a link from: npx nanoflare login",
  status: 401,
};
const WRONG: Refusal = { text: "The token is not this install's ADMIN_TOKEN.", status: 401 };

/** Browsers say where a request comes from: `Sec-Fetch-Site`, and `Origin` on sockets and writes. */
function ownPage(c: Context<Doors>): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  const origin = c.req.header("origin");
  // A sandboxed page and a local file say "null", which is no URL.
  if (origin !== undefined) return URL.parse(origin)?.host === (c.req.header("host") ?? hostOf(c));
  return c.req.method === "GET" && c.req.header("upgrade") === undefined;
}

function hostOf(c: Context<Doors>): string {
  return new URL(c.req.url).host;
}
