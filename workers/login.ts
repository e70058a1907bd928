import type { Context } from "hono";
import { setCookie } from "hono/cookie";
import { DIRECTORY } from "../durable-objects/directory/rpc.ts";
import { hasSession, sessionCookie } from "./auth.ts";
import { loginPage, openingPage } from "./console/pages.tsx";
import type { Doors } from "./doors.ts";

/** A console session lasts so long, in seconds. */
const SESSION_SECONDS = 30 * 24 * 3600;

/** Exchanges a one-time link for a console session. */
export async function login(c: Context<Doors>): Promise<Response> {
  const code = c.req.param("code") ?? "";
  // Whoever only looks whether the link is there must not use it up.
  if (c.req.raw.method === "HEAD" || /prefetch/.test(c.req.header("sec-purpose") ?? ""))
    return c.body(null, 204);
  const token = await c.env.DIRECTORY.getByName(DIRECTORY).redeem(code);
  if (token) keepSession(c, token);
  else if (!(await hasSession(c))) return c.html(loginPage("This link was used already or is too old."), 403);
  // A page of ours that goes on by itself: a redirect would count as coming from where the link was clicked.
  return c.html(openingPage());
}

function keepSession(c: Context<Doors>, token: string): void {
  setCookie(c, sessionCookie(c.req.url), token, {
    httpOnly: true,
    secure: new URL(c.req.url).protocol === "https:",
    sameSite: "Strict",
    path: "/",
    maxAge: SESSION_SECONDS,
  });
}
