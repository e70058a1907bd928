import { type Context, Hono } from "hono";
import { DIRECTORY } from "../durable-objects/directory/rpc.ts";
import type { Doors } from "./doors.ts";
import { askGroups } from "./status.ts";

export type { ShownApproval } from "../durable-objects/approvals/shown.ts";

/** Who answers through these doors. */
const OWNER = { role: "main" as const, ids: ["owner"], name: "the owner" };

/**
 * Calls that wait for somebody's yes, in the chats that were active last, the newest of each first. `:address` is a name
 * or address. 400 with the reason where nothing was decided, 404 for a chat that is not there.
 */
export const approvals = new Hono<Doors>()
  .get("/", async (c) => c.json(await list(c)))
  .post("/:address/:number/approve", (c) => decide(c, "approve", c.req.param()))
  .post("/:address/:number/deny", (c) => decide(c, "deny", c.req.param()));

async function list(c: Context<Doors>) {
  const install = await directory(c).status();
  const asked = await askGroups(c.env, install, (group) => group.approvals());
  return asked.flatMap(({ address, said }) => {
    const name = install.groups.find((group) => group.address === address)?.name ?? address;
    return said.map((approval) => ({ address, group: name, ...approval }));
  });
}

async function decide(
  c: Context<Doors>,
  verdict: "approve" | "deny",
  { address, number }: { address: string; number: string },
) {
  const settings = await directory(c).find(address);
  if (!settings?.registered)
    return c.json({ error: `There is no chat called "${address.slice(0, 80)}" here.` }, 404);
  if (!/^\d{1,9}$/.test(number)) return c.json({ error: "An approval has a number, e.g. 3." }, 400);
  const group = c.env.GROUP.getByName(settings.address);
  const { ok, said } = await group.decideApproval({ verdict, number: Number(number) }, OWNER, "console");
  return ok ? c.json({ said }) : c.json({ error: said }, 400);
}

function directory(c: Context<Doors>) {
  return c.env.DIRECTORY.getByName(DIRECTORY);
}
