import { type Command, Option } from "commander";
import type { Target } from "./client.ts";
import {
  type AddOptions,
  addTask,
  changeTask,
  heartbeat,
  listRuns,
  listTasks,
  type PlaceOptions,
} from "./tasks.ts";

const TASK = "its number or name";
const CHANGES = [
  ["remove", "end a task for good; its runs stay"],
  ["enable", "go on with a task that was disabled, from its next time"],
  ["disable", "keep a task, but let it not run"],
  ["run", "run a task now, also a disabled one; its times stay as they are"],
] as const;

/** `nanoflare cron`: tasks that run at their times. */
export function cronCommand(program: Command, target: () => Target): void {
  const cron = program.command("cron").description("reminders and work at their times");
  inChat(cron.command("list", { isDefault: true }))
    .description("the tasks of a chat")
    .option("-a, --all", "of all chats")
    .action((options) => listTasks(target(), options));
  add(cron).action((options: AddOptions) => addTask(target(), options));
  for (const [verb, description] of CHANGES)
    inChat(cron.command(verb))
      .description(description)
      .argument("<task>", TASK)
      .action((task: string, options: PlaceOptions) => changeTask(target(), verb, task, options));
  inChat(cron.command("runs"))
    .description("how the last runs of a task went")
    .argument("<task>", TASK)
    .action((task: string, options: PlaceOptions) => listRuns(target(), task, options));
}

/** `nanoflare heartbeat`: HEARTBEAT.md, which is looked after every half hour. */
export function heartbeatCommand(program: Command, target: () => Target): void {
  const command = program.command("heartbeat").description("the loose checks of HEARTBEAT.md");
  inChat(command.command("status", { isDefault: true }))
    .description("when it looks next, and what came of it last")
    .action((options: PlaceOptions) => heartbeat(target(), "status", options));
  inChat(command.command("now"))
    .description("look now")
    .action((options: PlaceOptions) => heartbeat(target(), "now", options));
}

function add(cron: Command): Command {
  return inChat(cron.command("add"))
    .description("make a task")
    .requiredOption("-m, --message <text>", "what the assistant is asked to do then")
    .option("--as-is", "send the message as it is instead; no model is asked")
    .option("-n, --name <name>", "what to call it [the message's first words]")
    .option("-e, --every <time>", "again and again: seconds, or e.g. 20m, 2h, 1d; at least 60 seconds")
    .option("-c, --cron <expression>", 'at the times of five fields, e.g. "0 9 * * 1-5"')
    .option("--at <time>", "once: e.g. 2027-01-31T09:00 on the chat's clock, or 20m from now")
    .option("--tz <zone>", "whose clock is meant, e.g. Europe/Berlin [the chat's]")
    .option("-d, --deliver", "send the answer to the chat (the default)")
    .option("--no-deliver", "keep the answer as the run's result only");
}

/** The options that say which chat is meant, and how it is printed. */
function inChat(command: Command): Command {
  return command
    .option("-g, --group <name>", "a chat's name or address [web:main]")
    .addOption(
      new Option("--channel <name>", "the channel of a chat, e.g. telegram, with --to").conflicts("group"),
    )
    .addOption(new Option("--to <chat>", "the channel's id of a chat, with --channel").conflicts("group"))
    .option("--json", "as JSON");
}
