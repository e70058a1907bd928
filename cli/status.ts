import { join } from "node:path";
import type { Status } from "../workers/status.ts";
import { ask, clientOf, type Target } from "./client.ts";
import { list, table } from "./table.ts";

/** Prints how the install is. Keys by name, never by value. */
export async function status(target: Target, options: { json?: boolean } = {}): Promise<void> {
  const state = await ask(target, clientOf(target).status.$get());
  if (options.json) return console.log(JSON.stringify({ url: target.url, ...state }, undefined, 2));
  const parts = [list(overview(target, state)), channelsOf(state), groupsOf(state)];
  console.log(parts.filter((part) => part !== "").join("\n\n"));
}

function overview(target: Target, state: Status): [string, string][] {
  const { install, model } = state;
  return [
    ["nanoflare", `${state.version} at ${target.url}`],
    ["model", `${model.name}: ${model.why}`],
    ...(model.fallbacks.length ? [["fallbacks", model.fallbacks.join(", ")] as [string, string]] : []),
    ["voice messages", state.voice],
    ["web search", state.search],
    ["keys set", state.keys.join(", ") || "none"],
    [
      "spent today",
      `$${install.spentUsd.toFixed(2)} of $${install.budgetUsd.toFixed(2)}, ${tokens(install)}`,
    ],
    ["files", target.local ? join(target.local.stateDir, "storage") : state.files],
    ...state.problems.map((problem): [string, string] => ["problem", problem]),
  ];
}

function tokens({ spentTokens, budgetTokens }: Status["install"]): string {
  return `${spentTokens.toLocaleString("en")} of ${budgetTokens.toLocaleString("en")} tokens`;
}

function channelsOf({ channels }: Status): string {
  return table(
    ["channel", "state", ""],
    channels.map(({ name, state, problem }) => [name, state, problem ?? ""]),
  );
}

function groupsOf({ groups, install }: Status): string {
  if (groups.length === 0) return "";
  const rows = groups.map((group) => [
    group.name,
    group.main ? "main" : "registered",
    group.model,
    group.running ? "running" : "idle",
    String(group.waiting),
    String(group.outbox),
    String(group.deadLetters),
    `$${group.spentUsd.toFixed(2)}`,
    group.lastError ?? "",
  ]);
  const head = ["group", "state", "model", "turn", "waiting", "to send", "dead", "today", "last error"];
  const waiting = install.pending.length;
  return table(head, rows) + (waiting ? `\n${waiting} more wait to be registered: nanoflare groups` : "");
}
