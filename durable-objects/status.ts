import { chooseModels } from "../agent/models/choose.ts";
import { transcriberName } from "../agent/models/choose-transcriber.ts";
import { searchName } from "../agent/web/search.ts";
import type { Parts } from "./parts.ts";
import type { Room } from "./room.ts";
import type { GroupStatus } from "./rpc.ts";

/** The state of a group, for people and for the admin API. Holds no secret. */
export function statusOf(room: Room, parts: Parts): GroupStatus {
  const chosen = chooseModels(room.config.vars, room.settings?.model)[0]!;
  const spent = parts.ledger.today();
  const on = parts.mcp.views().filter(({ state }) => state !== "off");
  const servers = on.map(({ name, state, tools }) => `${name} (${state}, ${tools.length} tools)`);
  return {
    address: room.address,
    name: room.settings?.name ?? room.address,
    registered: room.registered,
    main: room.main,
    model: chosen.provider === "demo" ? "demo" : `${chosen.provider}/${chosen.model}`,
    why: chosen.why,
    voice: transcriberName(room.config.vars),
    search: searchName(room.config.vars),
    waiting: parts.inbox.waiting(),
    running: parts.running(),
    outbox: parts.outbox.count("queued", "sending"),
    deadLetters: parts.outbox.count("failed", "unknown"),
    lastError: room.get("lastError"),
    lastErrorAt: room.get("lastErrorAt"),
    lastEventAt: parts.inbox.lastAt(),
    spentUsd: spent.usd,
    spentTokens: spent.tokens,
    shell: parts.workshop.describe(),
    approvals: parts.approvals.open().map(({ number, tool }) => `#${number} (${tool})`),
    subAgents: parts.subAgents.working().map(({ number, label }) => `#${number} (${label})`),
    files: parts.workspace.list("/workspace/group").length,
    ...(servers.length > 0 ? { mcp: servers } : {}),
  };
}

/** The same in a few lines of chat. */
export function describeStatus(status: GroupStatus): string {
  const lines = [
    `Model: ${status.model} (${status.why})`,
    `Voice messages: ${status.voice}`,
    `Web search: ${status.search}`,
    `Queue: ${status.waiting} waiting, ${status.running ? "working" : "idle"}, ${status.outbox} to send`,
    `Spent here today: $${status.spentUsd.toFixed(4)}, ${status.spentTokens} tokens`,
    `Files: ${status.files}`,
    `Commands: ${status.shell}`,
  ];
  if (status.approvals.length > 0) lines.push(`Waiting for approval: ${status.approvals.join(", ")}`);
  if (status.subAgents.length > 0) lines.push(`Sub-agents: ${status.subAgents.join(", ")}`);
  if (status.mcp) lines.push(`MCP servers: ${status.mcp.join(", ")}`);
  if (status.deadLetters > 0) lines.push(`Not delivered: ${status.deadLetters}; see: nanoflare dead-letters`);
  if (status.lastError) lines.push(`Last error: ${status.lastError}`);
  return lines.join("\n");
}
