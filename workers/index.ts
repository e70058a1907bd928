import { Hono } from "hono";
import { setCookie } from "hono/cookie";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { type Config, readConfig } from "../durable-objects/config.ts";
import { DIRECTORY } from "../durable-objects/rpc.ts";
import packageFile from "../package.json";
import { api } from "./api.ts";
import { hasSession, SESSION } from "./auth.ts";
import { chatPage, loginPage, openingPage } from "./console/pages.tsx";
import type { Doors } from "./doors.ts";
import { sweep } from "./sweep.ts";
import { webhook } from "./webhooks.ts";

export { Directory } from "../durable-objects/directory.ts";
export { Group } from "../durable-objects/group.ts";

/** A console session lasts so long, in seconds. */
const SESSION_SECONDS = 30 * 24 * 3600;

const pageHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    imgSrc: ["'self'", "data:"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
  },
  xFrameOptions: "DENY",
  referrerPolicy: "no-referrer",
});

let config: Config | undefined;

const app = new Hono<Doors>()
  .use(async (c, next) => {
    // Variables do not change while an isolate lives.
    config ??= readConfig(c.env);
    c.set("config", config);
    await next();
  })
  .get("/healthz", (c) => c.json({ ok: true, version: packageFile.version }))
  .all("/webhook/:channel", (c) => webhook(c.req.param("channel"), c.req.raw, c.env, c.get("config")))
  // A socket's answer has no page to protect, and its headers cannot be changed.
  .use((c, next) => (c.req.header("upgrade") ? next() : pageHeaders(c, next)))
  .route("/api", api)
  .get("/login/:code", async (c) => {
    const token = await c.env.DIRECTORY.getByName(DIRECTORY).redeem(c.req.param("code"));
    if (!token) return c.html(loginPage("This link was used already or is too old."), 403);
    const secure = new URL(c.req.url).protocol === "https:";
    setCookie(c, SESSION, token, {
      httpOnly: true,
      secure,
      sameSite: "Strict",
      path: "/",
      maxAge: SESSION_SECONDS,
    });
    // A page of ours that goes on by itself: a redirect would count as coming from where the link was clicked.
    return c.html(openingPage());
  })
  .get("/", async (c) =>
    (await hasSession(c)) ? c.html(chatPage(c.get("config").ASSISTANT_NAME)) : c.html(loginPage(), 401),
  )
  .notFound((c) => c.json({ error: `There is nothing at ${c.req.method} ${c.req.path}.` }, 404))
  .onError((error, c) => {
    if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
    console.error(
      JSON.stringify({
        what: "request failed",
        path: c.req.path,
        message: error.message,
        stack: error.stack,
      }),
    );
    return c.json({ error: "That failed on our side. Try again." }, 500);
  });

export default {
  fetch: app.fetch,
  async scheduled(_, env) {
    await sweep(env);
  },
} satisfies ExportedHandler<Env>;
