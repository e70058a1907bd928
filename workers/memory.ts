import { type Context, Hono } from "hono";
import * as z from "zod";
import { OWNER } from "../agent/authorize.ts";
import type { MemoryAnswer, MemoryRequest } from "../agent/memory.ts";
import { DIRECTORY } from "../durable-objects/directory/rpc.ts";
import { body, query } from "./body.ts";
import type { Doors } from "./doors.ts";

export type { MemoryVersion } from "../agent/memory.ts";

/** A version is named by its number, as the list of versions shows it. */
const wanted = z.object({ version: z.coerce.number().int().min(0) });

/**
 * Memory of a chat, by its name or address; a file as `/memory` takes it, encoded: `memory%2Ftrips.md`,
 * `global%2FMEMORY.md`. Every answer has `said`, a text for people, beside the data. 404 where there is nothing.
 */
export const memory = new Hono<Doors>()
  .get("/:address", async (c) => answer(c, await ask(c.env, c.req.param("address"), { verb: "list" })))
  .get("/:address/:file", query(wanted.partial()), async (c) => {
    const { address, file } = c.req.param();
    return answer(c, await ask(c.env, address, { verb: "show", file, ...c.req.valid("query") }));
  })
  .get("/:address/:file/versions", async (c) => {
    const { address, file } = c.req.param();
    return answer(c, await ask(c.env, address, { verb: "versions", file }));
  })
  .post("/:address/:file/restore", body(wanted), async (c) => {
    const { address, file } = c.req.param();
    return answer(c, await ask(c.env, address, { verb: "restore", file, ...c.req.valid("json") }));
  });

async function ask(env: Env, nameOrAddress: string, request: MemoryRequest): Promise<MemoryAnswer> {
  const settings = await env.DIRECTORY.getByName(DIRECTORY).find(nameOrAddress);
  if (!settings) return { ok: false, said: `There is no chat called "${nameOrAddress}" here.` };
  return env.GROUP.getByName(settings.address).memory(request, { actor: OWNER, name: "Owner" });
}

function answer(c: Context<Doors>, { ok, ...said }: MemoryAnswer) {
  return ok ? c.json(said) : c.json({ error: said.said }, 404);
}
