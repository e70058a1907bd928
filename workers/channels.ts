import { Hono } from "hono";
import * as z from "zod";
import { authorize } from "../agent/authorize.ts";
import { commands } from "../agent/commands.ts";
import type { Channel, Report } from "../channels/channel.ts";
import { channels } from "../channels/index.ts";
import type { Config } from "../durable-objects/config.ts";
import { DIRECTORY, type InstallStatus } from "../durable-objects/directory-rpc.ts";
import { body, query } from "./body.ts";
import type { Doors } from "./doors.ts";
import { askGroups, type ChannelState, channelState } from "./status.ts";
import { outside } from "./webhooks.ts";

export type { Report } from "../channels/channel.ts";

/** How a channel is. Names of variables, never their values. */
export interface ChannelStatus extends ChannelState {
  /** Variables that it needs and that are not set. */
  missing: string[];
  /** Where the platform delivers to; absent for the console and for what the companion carries. */
  webhook?: string;
  /** When a chat of it was last active, in milliseconds since the epoch. */
  lastEventAt?: number;
  /** The last error of its chat that was active last. */
  lastError?: string;
  /** What the platform said, where it was asked. */
  probe?: Report;
}

const probing = query(z.object({ probe: z.enum(["true", "false"]).default("false") }));
const address = body(z.object({ url: z.url({ protocol: /^https?$/ }).optional() }));

/** The channels, and setting one up at its platform. `url` is the install's public address [the one that was called]. */
export const channelDoors = new Hono<Doors>()
  .get("/channels", probing, async (c) => {
    const install = await c.env.DIRECTORY.getByName(DIRECTORY).status();
    const errors = await askGroups(c.env, install, async (group) => (await group.status()).lastError);
    const probe = c.req.valid("query").probe === "true";
    const all = Object.values(channels).map(async (channel) => {
      const status = await setUpOf(channel, c.env, c.get("config"), new URL(c.req.url).origin);
      const ready = status.state === "ready";
      const asked = probe && ready ? await channel.probe?.(outside(c.get("config"), c.env)) : undefined;
      const told: ChannelStatus = { ...status, ...livenessOf(channel.name, install, errors) };
      return asked ? { ...told, probe: asked } : told;
    });
    return c.json(await Promise.all(all));
  })
  .post("/channels/:name/setup", address, async (c) => {
    const name = c.req.param("name");
    const channel = Object.hasOwn(channels, name) ? channels[name] : undefined;
    if (!channel?.setup)
      return c.json({ error: `There is nothing to set up for "${name.slice(0, 40)}".` }, 404);
    const problem = channel.problem(c.get("config").vars);
    if (problem) return c.json({ error: problem }, 400);
    const url = (c.req.valid("json").url ?? new URL(c.req.url).origin).replace(/\/+$/, "");
    return c.json(await channel.setup({ url, commands: SHOWN }, outside(c.get("config"), c.env)));
  });

/** What a platform offers people to choose from. */
const SHOWN = commands
  .filter(
    ({ name, hidden }) => !hidden && authorize({ role: "main", id: "setup" }, { kind: "command", name }).ok,
  )
  .map(({ name, args, help }) => ({ name, help, ...(args ? { args } : {}) }));

/** How it is set up. The webhook is where this request came in, which the platform may know by another name. */
async function setUpOf(channel: Channel, env: Env, config: Config, origin: string) {
  const isMissing = channel.problem(config.vars) !== undefined;
  const missing = isMissing ? channel.needs.filter((variable) => !config.vars[variable]) : [];
  const webhook = channel.setup ? { webhook: `${origin}/webhook/${channel.name}` } : {};
  return { ...(await channelState(channel, env, config)), missing, ...webhook };
}

function livenessOf(
  name: string,
  { groups }: InstallStatus,
  errors: { address: string; said: string | undefined }[],
): Pick<ChannelStatus, "lastEventAt" | "lastError"> {
  const ours = (chat: { address: string }) => chat.address.startsWith(`${name}:`);
  const lastEventAt = Math.max(0, ...groups.filter(ours).map(({ lastActiveAt }) => lastActiveAt));
  // Groups are asked in the order of their last activity.
  const lastError = errors.find((group) => ours(group) && group.said)?.said;
  return { ...(lastEventAt ? { lastEventAt } : {}), ...(lastError ? { lastError } : {}) };
}
