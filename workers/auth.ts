import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import { createMiddleware } from "hono/factory";
import { DIRECTORY } from "../durable-objects/rpc.ts";
import type { Doors } from "./doors.ts";

/** The console's cookie. `__Host-` would need HTTPS, which the local start has not. */
export const SESSION = "nanoflare_session";

/** Lets in the bearer of ADMIN_TOKEN, or a console session whose request comes from the console's own pages. */
export const owner = createMiddleware<Doors>(async (c, next) => {
  const refusal = await refuse(c);
  if (refusal) return c.json({ error: refusal.text }, refusal.status);
  await next();
});

/** Whether the request carries a valid console session. */
export async function hasSession(c: Context<Doors>): Promise<boolean> {
  const token = getCookie(c, SESSION);
  return token !== undefined && (await c.env.DIRECTORY.getByName(DIRECTORY).session(token));
}

async function refuse(c: Context<Doors>): Promise<{ text: string; status: 401 | 403 } | undefined> {
  const bearer = /^Bearer\s+(\S+)$/i.exec(c.req.header("authorization") ?? "")?.[1];
  if (bearer !== undefined) return bearerRefusal(bearer, c.get("config").vars.ADMIN_TOKEN);
  if (!(await hasSession(c)))
    return {
      text: "Send ADMIN_TOKEN as a bearer token, or open the console with a link from: nanoflare login",
      status: 401,
    };
  // The cookie travels by itself: only our own pages may use it.
  return ownPage(c)
    ? undefined
    : { text: "This request did not come from the console's own page.", status: 403 };
}

async function bearerRefusal(given: string, expected: string | undefined) {
  if (!expected)
    return {
      text: "ADMIN_TOKEN is not set, so the API refuses everybody. Set it with: wrangler secret put ADMIN_TOKEN",
      status: 403 as const,
    };
  return (await same(given, expected))
    ? undefined
    : { text: "The token is not this install's ADMIN_TOKEN.", status: 401 as const };
}

/** Compares without telling by its time where two texts differ; hashed first, since the lengths must match. */
async function same(left: string, right: string): Promise<boolean> {
  const encoder = new TextEncoder();
  const [a, b] = await Promise.all(
    [left, right].map((text) => crypto.subtle.digest("SHA-256", encoder.encode(text))),
  );
  return crypto.subtle.timingSafeEqual(a!, b!);
}

/** Browsers say where a request comes from: `Sec-Fetch-Site`, and `Origin` on sockets and writes. */
function ownPage(c: Context<Doors>): boolean {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none") return false;
  const origin = c.req.header("origin");
  if (origin !== undefined)
    return origin === new URL(c.req.url).origin || new URL(origin).host === c.req.header("host");
  return c.req.method === "GET" && c.req.header("upgrade") === undefined;
}
