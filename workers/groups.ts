import { type Context, Hono } from "hono";
import * as z from "zod";
import type { Address } from "../channels/channel.ts";
import { DIRECTORY, type RightsEntry, type Told } from "../durable-objects/directory/rpc.ts";
import { body, query } from "./body.ts";
import type { Doors } from "./doors.ts";

export type { RightsEntry, Told } from "../durable-objects/directory/rpc.ts";
export type { GroupSettings } from "../durable-objects/rpc.ts";

const added = body(
  z.object({ name: z.string().trim().min(1).max(200), folder: z.string().trim().min(1).max(63).optional() }),
);
/** Settings by name; the directory reads them and says in a sentence what it can't take over. */
const one = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const mount = z.object({ name: z.string(), prefix: z.string(), readOnly: z.boolean().default(true) });
const hours = z.object({ from: z.string(), to: z.string(), zone: z.string().optional() });
const change = body(z.record(z.string(), z.union([one, z.array(z.union([z.string(), mount])), hours])));
const paging = query(
  z.object({
    limit: z.coerce.number().int().min(1).max(1000).default(50),
    before: z.coerce.number().int().positive().optional(),
    group: z.string().min(1).optional(),
  }),
);

/**
 * Groups and their settings; `:name` is a name, an address or a folder. PATCH takes settings as JSON, `null` or
 * `"default"` for the install's. 400 with a sentence where nothing was changed, 404 for a group that is not there.
 */
export const groups = new Hono<Doors>()
  .get("/groups", async (c) => c.json(await directory(c).status()))
  .post("/groups", added, async (c) => {
    const { name, folder } = c.req.valid("json");
    return c.json(await directory(c).register(name, undefined, folder));
  })
  .get("/groups/:name", async (c) => {
    const { settings, said } = await directory(c).show(c.req.param("name"));
    return settings ? c.json({ settings, said }) : c.json({ error: said }, 404);
  })
  .patch("/groups/:name", change, async (c) =>
    answer(c, await directory(c).configure(c.req.param("name"), c.req.valid("json"))),
  )
  .delete("/groups/:name", async (c) => c.json(await directory(c).remove(c.req.param("name"))))
  .post("/groups/:name/pause", async (c) => answer(c, await directory(c).pause(true, c.req.param("name"))))
  .post("/groups/:name/resume", async (c) => answer(c, await directory(c).pause(false, c.req.param("name"))))
  .post("/pause", async (c) => answer(c, await directory(c).pause(true, undefined)))
  .post("/resume", async (c) => answer(c, await directory(c).pause(false, undefined)))
  .get("/audit", paging, async (c) => {
    const { group, ...range } = c.req.valid("query");
    if (group === undefined) return c.json(await directory(c).auditLog(range));
    const settings = await directory(c).find(group);
    if (!settings) return c.json({ error: `There is no chat called "${group.slice(0, 80)}" here.` }, 404);
    return c.json(await auditOf(c, settings.address, range));
  });

/** What the directory and the group itself kept of a group, the newest first. */
async function auditOf(
  c: Context<Doors>,
  address: Address,
  { limit, before = Infinity }: { limit: number; before?: number },
): Promise<RightsEntry[]> {
  const range = { limit, group: address, ...(before === Infinity ? {} : { before }) };
  // The group's own are asked for without a moment: 2,000 at most are kept.
  const wanted = before === Infinity ? limit : 2000;
  const [rights, own] = await Promise.all([
    directory(c).auditLog(range),
    c.env.GROUP.getByName(address).audit(wanted),
  ]);
  const deeds = own
    .filter(({ at }) => at < before)
    .map(({ at, who, what, detail }) => ({ at, what, subject: address, who, from: address, detail }));
  return [...rights, ...deeds].sort((a, b) => b.at - a.at).slice(0, limit);
}

function answer(c: Context<Doors>, { ok, said }: Told) {
  return ok ? c.json({ said }) : c.json({ error: said }, 400);
}

function directory(c: Context<Doors>) {
  return c.env.DIRECTORY.getByName(DIRECTORY);
}
