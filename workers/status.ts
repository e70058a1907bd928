import { chooseModels } from "../agent/models/choose.ts";
import { transcriberName } from "../agent/models/choose-transcriber.ts";
import { searchName } from "../agent/web/search.ts";
import type { Channel, Report } from "../channels/channel.ts";
import { isEnabled } from "../channels/enabled.ts";
import { heldBy } from "../channels/held.ts";
import { channels } from "../channels/index.ts";
import type { Config } from "../durable-objects/config.ts";
import { DIRECTORY, type InstallStatus } from "../durable-objects/directory/rpc.ts";
import type { GroupStatus } from "../durable-objects/rpc.ts";
import { log } from "./log.ts";
import { outside } from "./webhooks.ts";

/** Groups that are asked for one answer, the most recently active first: a request may call only so many objects. */
const GROUPS = 40;

/** Whether a channel can work; `problem` says what to mend. `offline`: it waits for the companion or its account. */
export interface ChannelState {
  name: string;
  state: "ready" | "off" | "not set up" | "offline";
  problem?: string;
}

/** What `nanoflare status` and the console show. Names of keys, never their values. */
export interface Status {
  version: string;
  model: { name: string; why: string; fallbacks: string[] };
  /** Who writes down voice messages, or `not set up`. */
  voice: string;
  /** Who searches the web, or `not set up`. */
  search: string;
  channels: ChannelState[];
  keys: string[];
  problems: string[];
  install: InstallStatus;
  groups: GroupStatus[];
  files: string;
}

/** Puts together how the install is. A group that does not answer is left out and logged. */
export async function statusOf(env: Env, config: Config, version: string): Promise<Status> {
  const install = await env.DIRECTORY.getByName(DIRECTORY).status();
  const groups = await askGroups(env, install, (group) => group.status());
  const [first, ...others] = chooseModels(config.vars);
  return {
    version,
    model: { name: nameOf(first!), why: first!.why, fallbacks: others.map(nameOf) },
    voice: transcriberName(config.vars),
    search: searchName(config.vars),
    channels: await Promise.all(Object.values(channels).map((channel) => channelState(channel, env, config))),
    keys: Object.keys(config.vars)
      .filter((name) => /(_KEY|_TOKEN|_SECRET)$/.test(name))
      .sort(),
    problems: config.problems,
    install,
    groups: groups.map(({ said }) => said),
    files: 'R2 bucket "nanoflare-files" (local start: below STATE_DIR): groups/<folder>/ and global/',
  };
}

/** What the recently active groups say, each with its address. */
export async function askGroups<T>(
  env: Env,
  install: InstallStatus,
  ask: (group: ReturnType<Env["GROUP"]["getByName"]>) => Promise<T>,
): Promise<{ address: string; said: T }[]> {
  const active = install.groups
    .filter((group) => group.registered)
    .sort((a, b) => b.lastActiveAt - a.lastActiveAt);
  const asked = active.slice(0, GROUPS).map(async ({ address }) => {
    try {
      return [{ address, said: await ask(env.GROUP.getByName(address)) }];
    } catch (error) {
      log("a group did not answer", error, { address });
      return [];
    }
  });
  return (await Promise.all(asked)).flat();
}

/** How a channel is by its variables, and by the companion where that carries it. No platform is asked. */
export async function channelState(channel: Channel, env: Env, config: Config): Promise<ChannelState> {
  const { carried: _, ...state } = await carriedState(channel, env, config);
  return state;
}

/** The same with what the companion said, where it was asked. */
export async function carriedState(
  channel: Channel,
  env: Env,
  config: Config,
): Promise<ChannelState & { carried?: Report }> {
  const { name } = channel;
  if (!isEnabled(name, config.vars)) return { name, state: "off" };
  const problem = channel.problem(config.vars);
  if (problem) return { name, state: "not set up", problem };
  const around = outside(config, env);
  if (!channel.carried || !channel.probe) {
    const held = await heldBy(around.companion, name);
    return { name, state: "ready", ...(held?.ok === false ? { problem: held.said[0]! } : {}) };
  }
  const carried = await channel.probe(around);
  if (carried.ok) return { name, state: "ready", carried };
  return { name, state: "offline", problem: carried.said.join(" "), carried };
}

function nameOf({ provider, model }: { provider: string; model: string }): string {
  return provider === "demo" ? "demo" : `${provider}/${model}`;
}
