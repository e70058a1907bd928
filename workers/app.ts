import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { methodNotAllowed } from "hono/method-not-allowed";
import { secureHeaders } from "hono/secure-headers";
import { type Config, readConfig } from "../durable-objects/config.ts";
import packageFile from "../package.json";
import { api } from "./api.ts";
import { guard, hasSession } from "./auth.ts";
import { chatPage, loginPage } from "./console/pages.tsx";
import type { Doors } from "./doors.ts";
import { bridge, giveMedia, keepMedia } from "./links.ts";
import { log } from "./log.ts";
import { login } from "./login.ts";
import { mcpDoor } from "./mcp.ts";
import { webhook } from "./webhooks.ts";

/** No inline script or style, nothing from elsewhere, in nobody's frame. */
const pageHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    imgSrc: ["'self'", "data:"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    objectSrc: ["'none'"],
  },
  xFrameOptions: "DENY",
  referrerPolicy: "no-referrer",
});

let config: Config | undefined;

/** Every address of the Worker. No request reaches one that the table of rights does not name. */
export const app = new Hono<Doors>();
app
  .use(async (c, next) => {
    // Variables do not change while an isolate lives.
    config ??= readConfig(c.env);
    c.set("config", config);
    await next();
  })
  .use(guard)
  .get("/healthz", (c) => c.json({ ok: true, version: packageFile.version }))
  .all("/webhook/:channel", (c) => webhook(c.req.param("channel"), c.req.raw, c.env, c.get("config")))
  .all("/mcp", mcpDoor)
  .get("/bridge", (c) => bridge(c.req.raw, c.env, c.get("config")))
  .put("/bridge/media/:id", (c) => keepMedia(c.req.param("id"), c.req.raw, c.env, c.get("config")))
  .get("/bridge/media/:folder/:id", (c) => giveMedia(c.req.param(), c.req.raw, c.env, c.get("config")))
  // A socket's answer has no page to protect, and its headers cannot be changed.
  .use((c, next) => (c.req.header("upgrade") ? next() : pageHeaders(c, next)))
  .use((c, next) => (c.req.header("upgrade") ? next() : known(c, next)))
  .route("/api", api)
  .get("/login/:code", login)
  .get("/", async (c) =>
    (await hasSession(c)) ? c.html(chatPage(c.get("config").ASSISTANT_NAME)) : c.html(loginPage(), 401),
  )
  .notFound((c) => c.json({ error: `There is nothing at ${c.req.path}.` }, 404))
  .onError((error, c) => {
    if (error instanceof HTTPException) return c.json({ error: error.message }, error.status);
    // A login link is a secret.
    log("request failed", error, {
      method: c.req.method,
      path: c.req.path.replace(/^\/login\/.*/, "/login/…"),
    });
    return c.json({ error: "That failed on our side. Try again." }, 500);
  });

/** An address that is there, asked in a way that it does not know. */
const known = methodNotAllowed({
  app,
  onMethodNotAllowed: (c, methods) =>
    c.json({ error: `Ask ${c.req.path} with ${methods.join(" or ")}.` }, 405, { allow: methods.join(", ") }),
});
