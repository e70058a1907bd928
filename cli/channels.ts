import { Argument, Command } from "commander";
import type { ChannelStatus, Report } from "../workers/channels.ts";
import { ask, clientOf, type Target } from "./client.ts";
import { table, time } from "./table.ts";
import { Trouble } from "./trouble.ts";

/** The networks that are connected by what their platform gives out, without an account that is linked. */
export const BY_TOKEN = ["telegram", "discord", "feishu"];

interface Options {
  json?: boolean;
}

/** `nanoflare channels`: how each network is connected, and connecting it. */
export function channelsCommand(target: () => Target): Command {
  const channels = new Command("channels").description("the networks that the assistant is on");
  channels
    .command("status", { isDefault: true })
    .description("whether each is set up, what is missing, its last event and error")
    .option("--probe", "ask the platforms too")
    .option("--json", "as JSON")
    .action((options: Options & { probe?: boolean }) => channelStatus(target(), options));
  channels
    .command("setup")
    .description("tell a platform where this install is and which commands it has")
    .addArgument(new Argument("<channel>").choices(BY_TOKEN))
    .option("--public-url <address>", "the install's address as the platform reaches it [the one in use]")
    .option("--json", "as JSON")
    .action((name: string, options: Options & { publicUrl?: string }) => setup(target(), name, options));
  return channels;
}

async function channelStatus(target: Target, { probe, json }: Options & { probe?: boolean }): Promise<void> {
  const query = { probe: probe ? "true" : "false" } as const;
  const all = await ask(target, clientOf(target).channels.$get({ query }));
  if (json) return console.log(JSON.stringify(all, undefined, 2));
  const head = ["channel", "state", "last event", "last error"];
  const rows = all.map((channel) => [
    channel.name,
    channel.state,
    channel.lastEventAt ? time(channel.lastEventAt) : "-",
    errorOf(channel),
  ]);
  const details = all.flatMap(detailsOf);
  console.log([table(head, rows), ...(details.length > 0 ? ["", ...details] : [])].join("\n"));
}

function errorOf({ lastError, lastErrorAt }: ChannelStatus): string {
  if (!lastError) return "-";
  return lastErrorAt ? `${time(lastErrorAt)} ${lastError}` : lastError;
}

/** What there is to mend, and what the platform said. */
function detailsOf({ name, state, missing, problem, probe, fix }: ChannelStatus): string[] {
  const others = missing.filter((variable) => !problem?.includes(variable));
  const more = state === "not set up" && others.length > 0 ? ` Also missing: ${others.join(", ")}.` : "";
  const trouble = problem ? [`${problem}${more}`] : [];
  // What the companion says is the problem then.
  const said = state === "offline" ? [] : (probe?.said ?? []);
  const all = new Set([...trouble, ...said, ...(fix ? [fix] : [])]);
  return [...all].map((sentence) => `${name}: ${sentence}`);
}

async function setup(target: Target, name: string, options: Options & { publicUrl?: string }): Promise<void> {
  const url = options.publicUrl ?? (target.local ? undefined : target.url);
  const post = clientOf(target).channels[":name"].setup.$post;
  const report: Report = await ask(target, post({ param: { name }, json: url ? { url } : {} }));
  if (options.json) console.log(JSON.stringify(report, undefined, 2));
  else if (report.ok) console.log(report.said.join("\n"));
  if (!report.ok) throw new Trouble(report.said.join("\n"));
}
