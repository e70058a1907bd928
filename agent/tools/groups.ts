import * as z from "zod";
import { defineTool } from "./tool.ts";

const named = z.object({ name: z.string().trim().min(1) });

export const registerGroup = defineTool({
  name: "register_group",
  description:
    "Start answering in a pending chat, by title, address or pairing code. folder: only where the user names a removed group's folder to take over.",
  schema: named.extend({ folder: z.string().trim().min(1).optional() }),
  risk: "idempotent",
  run: ({ name, folder }, { groups }) => groups.register(name, folder),
});

export const removeGroup = defineTool({
  name: "remove_group",
  description: "Stop answering in a group. Its files stay.",
  schema: named,
  risk: "idempotent",
  run: ({ name }, { groups }) => groups.remove(name),
});

const value = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);

export const configureGroup = defineTool({
  name: "configure_group",
  description:
    "Change settings of a group, or show them without settings. Keys: name, trigger, requiresTrigger, timezone, model, allow (everyone, nobody or ids such as telegram:1001), mode (normal, drop), mounts (name=prefix/, :rw to write), egress (none, allowlist, open or allowlist with more hosts), env (TZ=Asia/Tokyo), mcp (all, none or servers), budgetUsd, budgetTokens, turnTimeout, heartbeatInterval, activeHours (08:00-22:00), paused, approval (tools and commands to be asked about: bash, bash:git push*), approvers (ids). Value default: the install's.",
  schema: named.extend({ settings: z.record(z.string(), value).optional() }),
  risk: "idempotent",
  run: ({ name, settings }, { groups }) => (settings ? groups.configure(name, settings) : groups.show(name)),
});

export const listGroups = defineTool({
  name: "list_groups",
  description: "List all groups and pending chats.",
  schema: z.object({}),
  risk: "read",
  run: (_, { groups }) => groups.list(),
});
