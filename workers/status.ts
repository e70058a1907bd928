import { chooseModels } from "../agent/models/choose.ts";
import { channels } from "../channels/index.ts";
import type { Config } from "../durable-objects/config.ts";
import { DIRECTORY, type GroupStatus, type InstallStatus } from "../durable-objects/rpc.ts";
import { enabled } from "./webhooks.ts";

/** Groups whose state is asked for one status, the most recently active first. */
const GROUPS = 20;

/** What `nanoflare status` and the console show. Names of keys, never their values. */
export interface Status {
  version: string;
  model: { name: string; why: string; fallbacks: string[] };
  channels: { name: string; state: "ready" | "off" | "not set up"; problem?: string }[];
  keys: string[];
  problems: string[];
  install: InstallStatus;
  groups: GroupStatus[];
  files: string;
}

export async function statusOf(env: Env, config: Config, version: string): Promise<Status> {
  const install = await env.DIRECTORY.getByName(DIRECTORY).status();
  const active = install.groups
    .filter((group) => group.registered)
    .sort((a, b) => b.lastActiveAt - a.lastActiveAt);
  const groups = await Promise.all(
    active.slice(0, GROUPS).map((group) => env.GROUP.getByName(group.address).status()),
  );
  const [first, ...others] = chooseModels(config.vars);
  return {
    version,
    model: { name: nameOf(first!), why: first!.why, fallbacks: others.map(nameOf) },
    channels: Object.values(channels).map((channel) => channelState(channel.name, config)),
    keys: Object.keys(config.vars)
      .filter((name) => /(_KEY|_TOKEN|_SECRET)$/.test(name))
      .sort(),
    problems: config.problems,
    install,
    groups,
    files: 'R2 bucket "nanoflare-files" (local start: below STATE_DIR): groups/<folder>/ and global/',
  };
}

function channelState(name: string, config: Config): Status["channels"][number] {
  const channel = channels[name]!;
  if (!enabled(channel, config)) return { name, state: "off" };
  const problem = channel.problem(config.vars);
  return problem ? { name, state: "not set up", problem } : { name, state: "ready" };
}

function nameOf({ provider, model }: { provider: string; model: string }): string {
  return provider === "demo" ? "demo" : `${provider}/${model}`;
}
