import { Hono } from "hono";
import * as z from "zod";
import { authorize } from "../agent/authorize.ts";
import { commands } from "../agent/commands.ts";
import type { Channel, Report } from "../channels/channel.ts";
import { channels } from "../channels/index.ts";
import type { Config } from "../durable-objects/config.ts";
import { DIRECTORY, type InstallStatus } from "../durable-objects/directory/rpc.ts";
import type { GroupStatus } from "../durable-objects/rpc.ts";
import { body, query } from "./body.ts";
import type { Doors } from "./doors.ts";
import { askGroups, type ChannelState, carriedState } from "./status.ts";
import { outside } from "./webhooks.ts";

export type { Report } from "../channels/channel.ts";

/** How a channel is. Names of variables, never their values. */
export interface ChannelStatus extends ChannelState {
  /** Variables that it needs and that are not set. */
  missing: string[];
  /** Where the platform delivers to; absent for the console and for what the companion carries. */
  webhook?: string;
  /** When an event of it came last, as far as the chats that were asked know, in milliseconds since the epoch. */
  lastEventAt?: number;
  /** The newest error of its chats, when it was, and what to do about it. */
  lastError?: string;
  lastErrorAt?: number;
  fix?: string;
  /** What the platform said, where it was asked. */
  probe?: Report;
}

const ADDRESS = "That is no public address; write one such as https://nanoflare.example.workers.dev.";
const probing = query(z.object({ probe: z.enum(["true", "false"]).default("false") }));
const address = body(z.object({ url: z.url({ protocol: /^https?$/, error: ADDRESS }).optional() }));

/** The channels, and setting one up at its platform. `url` is the install's public address [the one that was called]. */
export const channelDoors = new Hono<Doors>()
  .get("/channels", probing, async (c) => {
    const install = await c.env.DIRECTORY.getByName(DIRECTORY).status();
    const groups = await askGroups(c.env, install, (group) => group.status());
    const isAsked = c.req.valid("query").probe === "true";
    const all = Object.values(channels).map(async (channel) => {
      const { carried, ...status } = await setUpOf(
        channel,
        c.env,
        c.get("config"),
        new URL(c.req.url).origin,
      );
      const told: ChannelStatus = { ...status, ...livenessOf(channel.name, install, groups) };
      if (!isAsked) return told;
      const probe =
        carried ??
        (status.state === "ready" ? await channel.probe?.(outside(c.get("config"), c.env)) : undefined);
      return probe ? { ...told, probe } : told;
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
  return { ...(await carriedState(channel, env, config)), missing, ...webhook };
}

/** What its chats tell of it. */
function livenessOf(
  name: string,
  { groups, pending }: InstallStatus,
  asked: { said: GroupStatus }[],
): Pick<ChannelStatus, "lastEventAt" | "lastError" | "lastErrorAt" | "fix"> {
  const ours = (chat: { address: string }) => chat.address.startsWith(`${name}:`);
  const told = asked.map(({ said }) => said).filter(ours);
  const times = [
    ...groups.filter(ours).map(({ lastActiveAt }) => lastActiveAt),
    ...pending.filter(ours).map(({ at }) => at),
    ...told.map(({ lastEventAt = 0 }) => lastEventAt),
  ];
  const lastEventAt = Math.max(0, ...times);
  const newest = told
    .filter(({ lastError }) => lastError)
    .sort((a, b) => (b.lastErrorAt ?? 0) - (a.lastErrorAt ?? 0))[0];
  return { ...(lastEventAt ? { lastEventAt } : {}), ...(newest ? troubleOf(name, newest) : {}) };
}

function troubleOf(channel: string, { name, lastError, lastErrorAt, deadLetters }: GroupStatus) {
  const page = PAGES.has(channel) ? ` docs/channels/${channel}.md explains what ${channel} answers.` : "";
  const letters = deadLetters > 0 ? ` ${deadLetters} not delivered: npx nanoflare dead-letters.` : "";
  return { lastError, lastErrorAt, fix: `The error is of "${name}".${letters}${page}` };
}

/** The channels that have a page of their own. */
const PAGES = new Set(["telegram", "discord", "feishu", "whatsapp"]);
