import type { Address, Chat } from "../../channels/channel.ts";
import type { GroupSettings } from "../rpc.ts";
import type { groups } from "./schema.ts";

export type GroupRow = typeof groups.$inferSelect;

/** The consoles: main from the start, registered without asking. Nothing else becomes main but by a code. */
export const HOUSE: Readonly<Record<string, { folder: string; name: string }>> = {
  "web:main": { folder: "main", name: "Main" },
  "cli:main": { folder: "cli", name: "Terminal" },
};

/** A row as the group learns it. */
export function settingsOf(row: GroupRow): GroupSettings {
  const { version, address, name, folder, registered, main, type, requiresTrigger } = row;
  const { trigger, timezone, model, allow, mounts, budgetUsd, budgetTokens, turnTimeout } = row;
  const { heartbeatInterval, activeHours, adoptedFrom, egress, env, approval, approvers, mcp } = row;
  const limits = { budgetUsd, budgetTokens, turnTimeout };
  const flags = {
    mode: row.mode === "drop" ? row.mode : null,
    paused: row.paused || null,
    named: row.named || null,
  };
  const times = { timezone, heartbeatInterval, activeHours };
  const hands = { mounts, egress, env, approval, approvers, mcp };
  const own = { trigger, model, allow, ...hands, ...limits, ...flags, ...times, adoptedFrom };
  const set = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== null));
  return { version, address, name, folder, registered, main, type, requiresTrigger, ...set };
}

/** What a chat is told that nobody registered. */
export function strangerOf(address: Address, chat: Pick<Chat, "type" | "title">): GroupSettings {
  const nobody = { version: 0, folder: "", registered: false, main: false, requiresTrigger: true };
  return { ...nobody, address, name: chat.title ?? address, type: chat.type };
}

/** What it may spend. */
export const NOT_REGISTERED = { usd: 0, tokens: 0, reason: "This chat is not registered." };
