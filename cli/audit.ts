import { Command } from "commander";
import { ask, clientOf, type Target } from "./client.ts";
import { table, time } from "./table.ts";
import { Trouble } from "./trouble.ts";

interface Options {
  group?: string;
  limit: string;
  before?: string;
  json?: boolean;
}

/** `nanoflare audit`: who changed what, who was refused, from where; the newest first. */
export function auditCommand(target: () => Target): Command {
  return new Command("audit")
    .description("who changed groups, rights, settings and memory, and who was refused")
    .option("--group <name>", "one chat, with what happened in it")
    .option("--limit <number>", "so many entries", "50")
    .option("--before <time>", "only older ones, e.g. 2026-11-21T05:30")
    .option("--json", "as JSON")
    .action((options: Options) => audit(target(), options));
}

async function audit(target: Target, { group, limit, before, json }: Options): Promise<void> {
  const query = {
    limit,
    ...(group === undefined ? {} : { group }),
    ...(before === undefined ? {} : { before: momentOf(before) }),
  };
  const entries = await ask(target, clientOf(target).audit.$get({ query }));
  if (json) return console.log(JSON.stringify(entries, undefined, 2));
  if (entries.length === 0) return console.log("Nothing was changed yet.");
  const rows = entries.map(({ at, what, subject, who, from, detail }) => [
    time(at),
    what,
    subject,
    who,
    from,
    detail,
  ]);
  console.log(table(["at", "what", "about", "who", "from", "detail"], rows));
}

function momentOf(text: string): number {
  const at = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(at)) throw new Trouble(`"${text}" is no time; write e.g. 2026-11-21T05:30.`);
  return at;
}
