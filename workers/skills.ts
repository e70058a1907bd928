import { type Context, Hono } from "hono";
import * as z from "zod";
import type { SkillAnswer, SkillRequest } from "../agent/skill-requests.ts";
import { DIRECTORY } from "../durable-objects/directory/rpc.ts";
import { body, query } from "./body.ts";
import type { Doors } from "./doors.ts";

export type { SkillAnswer, SkillUpload, SkillView } from "../agent/skill-requests.ts";

/** The console is main: what is for all chats is written there. */
const MAIN = "web:main";

const place = query(
  z.object({ group: z.string().min(1).default(MAIN), global: z.literal("true").optional() }),
);
const upload = z
  .object({ path: z.string().min(1).max(300), text: z.string().optional(), base64: z.base64().optional() })
  .refine(({ text, base64 }) => (text === undefined) !== (base64 === undefined), "give text or base64");
const files = z.array(upload).max(100);
const folder = body(z.object({ files }));
const named = body(z.object({ files, folder: z.string().max(300).optional() }));

/**
 * Skills of a chat by its name or address, `?group=`; `?global=true` writes those of all chats. POST takes the files of
 * a folder, which becomes exactly these. Every answer has `said`, a text for people; 400 with a sentence otherwise.
 */
export const skills = new Hono<Doors>()
  .get("/skills", place, (c) => answer(c, { verb: "list" }, c.req.valid("query")))
  .get("/skills/:name", place, (c) =>
    answer(c, { verb: "show", name: c.req.param("name") }, c.req.valid("query")),
  )
  .post("/skills", place, folder, (c) => {
    const { group, global } = c.req.valid("query");
    const scope = global ? "global" : "group";
    return answer(c, { verb: "add", scope, ...c.req.valid("json") }, { group, global });
  })
  .post("/skills/check", place, named, (c) =>
    answer(c, { verb: "check", ...c.req.valid("json") }, c.req.valid("query")),
  )
  .delete("/skills/:name", place, (c) => {
    const { group, global } = c.req.valid("query");
    const scope = global ? "global" : "group";
    return answer(c, { verb: "remove", scope, name: c.req.param("name") }, { group, global });
  });

async function answer(c: Context<Doors>, request: SkillRequest, place: { group: string; global?: "true" }) {
  const { ok, ...said } = await ask(c.env, place.global ? MAIN : place.group, request);
  return ok ? c.json(said) : c.json({ error: said.said }, 400);
}

async function ask(env: Env, nameOrAddress: string, request: SkillRequest): Promise<SkillAnswer> {
  const settings = await env.DIRECTORY.getByName(DIRECTORY).find(nameOrAddress);
  if (!settings?.registered)
    return { ok: false, said: `There is no registered chat called "${nameOrAddress.slice(0, 80)}".` };
  const group = env.GROUP.getByName(settings.address);
  // A chat that was registered a moment ago may not have heard of it yet.
  await group.configure(settings);
  return group.skills(request);
}
