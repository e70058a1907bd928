import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import * as z from "zod";
import type { Address } from "../channels/channel.ts";
import { inboundFrom, saidSchema } from "../channels/web/receive.ts";
import { now } from "../durable-objects/clock.ts";
import { DIRECTORY } from "../durable-objects/directory/rpc.ts";
import packageFile from "../package.json";
import { approvals } from "./approvals.ts";
import { guard } from "./auth.ts";
import { body, told } from "./body.ts";
import { channelDoors } from "./channels.ts";
import { companion } from "./companion-api.ts";
import type { Doors } from "./doors.ts";
import { giveFile } from "./files.ts";
import { groups } from "./groups.ts";
import { mcpDoors } from "./mcp.ts";
import { memory } from "./memory.ts";
import { skills } from "./skills.ts";
import { askGroups, statusOf } from "./status.ts";
import { sweep } from "./sweep.ts";
import { tasks } from "./task-api.ts";

/** Who speaks through these doors: the install's owner. */
const OWNER = { id: "owner", name: "Owner", isBot: false };
const CONSOLE = /^(web|cli):[\w-]{1,64}$/;
const ADDRESS = /^[a-z]+:.+$/;
/** Bytes of one request: the longest message, whatever its script. */
const MOST = 256 * 1024;

const message = body(saidSchema);
const paging = z.object({
  before: z.string().optional(),
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

/** The typed admin API: JSON, for the owner only. `cli/` and the console use its type. */
export const api = new Hono<Doors>()
  .use(guard)
  .use(bodyLimit({ maxSize: MOST, onError: (c) => c.json({ error: "Send at most 256 KB at once." }, 413) }))
  .get("/status", async (c) => c.json(await statusOf(c.env, c.get("config"), packageFile.version)))
  .route("/", groups)
  .route("/", channelDoors)
  .route("/", companion)
  .post("/pair", async (c) => c.json({ code: await directory(c.env).mainCode() }))
  .post("/login-link", async (c) => c.json({ path: `/login/${await directory(c.env).adminLink()}` }))
  .post("/sweep", async (c) => c.json({ woken: await sweep(c.env) }))
  .get("/dead-letters", async (c) => c.json(await deadLetters(c.env)))
  .post("/dead-letters/:address/:id/resend", addressed(ADDRESS), async (c) => {
    const queued = await group(c.env, c.req.param("address")).resend(c.req.param("id"));
    return queued
      ? c.json({ queued })
      : c.json({ error: "There is no dead letter with this id in this chat." }, 404);
  })
  .route("/approvals", approvals)
  .route("/memory", memory)
  .route("/", tasks)
  .route("/", skills)
  .route("/", mcpDoors)
  .use("/chat/:address/*", addressed(CONSOLE))
  .get("/chat/:address/history", async (c) => {
    const range = paging.safeParse(c.req.query());
    if (!range.success) return c.json({ error: told(range.error) }, 400);
    return c.json(await group(c.env, c.req.param("address")).history(range.data));
  })
  .post("/chat/:address/messages", message, async (c) => {
    const address = c.req.param("address") as Address;
    const from = { address, sender: OWNER, now: now() };
    const inbound = inboundFrom({ type: "send", ...c.req.valid("json") }, from);
    return c.json(await group(c.env, address).receive(inbound));
  })
  .post("/chat/:address/stop", async (c) =>
    c.json({ stopped: await group(c.env, c.req.param("address")).stop() }),
  )
  .get("/chat/:address/files/:id/:name", async (c) => giveFile(c.req.param(), c.env))
  .get("/chat/:address/socket", (c) => socket(c.req.raw, c.env, c.req.param("address")));

export type Api = typeof api;
export type { Told } from "../durable-objects/directory/rpc.ts";

/** Hands a socket to its group, with our own word on who it is. */
function socket(request: Request, env: Env, address: string): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.set("x-nanoflare-sender", encodeURIComponent(JSON.stringify(OWNER)));
  headers.delete("cookie");
  headers.delete("authorization");
  return group(env, address).fetch(new Request(request.url, { method: "GET", headers }));
}

async function deadLetters(env: Env) {
  const install = await directory(env).status();
  const asked = await askGroups(env, install, (group) => group.deadLetters());
  return asked.flatMap(({ address, said }) => said.map((letter) => ({ address, ...letter })));
}

/** Lets only chats in whose address this fits. */
function addressed(form: RegExp) {
  return createMiddleware<Doors>(async (c, next) => {
    if (form.test(c.req.param("address") ?? "")) return next();
    return c.json({ error: "No chat with this address can be reached here." }, 404);
  });
}

function directory(env: Env) {
  return env.DIRECTORY.getByName(DIRECTORY);
}

function group(env: Env, address: string) {
  return env.GROUP.getByName(address);
}
