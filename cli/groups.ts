import { Command } from "commander";
import type { Told } from "../workers/api.ts";
import { ask, clientOf, type Target } from "./client.ts";
import { table, time } from "./table.ts";
import { Trouble } from "./trouble.ts";

interface Options {
  json?: boolean;
}

/** `nanoflare groups`: the chats, and what main may change of them. */
export function groupsCommand(target: () => Target): Command {
  const groups = new Command("groups").description("the chats that the assistant is in");
  const add = (name: string, description: string, isDefault = false) =>
    groups.command(name, { isDefault }).description(description).option("--json", "as JSON");
  add("list", "all of them, also those that wait", true).action((options: Options) =>
    listGroups(target(), options),
  );
  add("show", "one with its settings")
    .argument("<name>", NAME)
    .action((name: string, options: Options) => showGroup(target(), name, options));
  add("add", "register a chat that waits")
    .argument("<name>", "its title, address or pairing code")
    .option("--folder <folder>", "take over the files of a removed group")
    .action((name: string, options: Options & { folder?: string }) => addGroup(target(), name, options));
  add("remove", "stop listening in a chat; its files stay")
    .argument("<name>", NAME)
    .action((name: string, options: Options) => removeGroup(target(), name, options));
  add("set", "change settings, e.g. groups set Family timezone=Europe/Berlin allow=telegram:1001")
    .argument("<name>", NAME)
    .argument("<setting=value...>", "“default” is the install's")
    .action((name: string, settings: string[], options: Options) =>
      setGroup(target(), name, settings, options),
    );
  return groups;
}

/** `nanoflare pause` and `nanoflare resume`: turns and tasks of a chat, or of all. */
export function pauseCommand(verb: "pause" | "resume", target: () => Target): Command {
  const what = verb === "pause" ? "stop turns and tasks of a chat, or of all" : "let them go on";
  return new Command(verb)
    .description(what)
    .argument("[name]", NAME)
    .option("--json", "as JSON")
    .action((name: string | undefined, options: Options) => pause(target(), verb, name, options));
}

const NAME = "its name or address";

async function listGroups(target: Target, { json }: Options): Promise<void> {
  const { groups, pending } = await ask(target, clientOf(target).groups.$get());
  if (json) return print({ groups, pending });
  const known = groups.map((group) => [
    group.name,
    group.address,
    stateOf(group),
    group.folder,
    time(group.lastActiveAt),
  ]);
  const waiting = pending.map((chat) => [chat.title, chat.address, "waits", "-", time(chat.at)]);
  if (known.length + waiting.length === 0)
    return console.log("There are no chats yet. The console is one once you write in it.");
  console.log(table(["name", "address", "state", "folder", "last active"], [...known, ...waiting]));
}

async function showGroup(target: Target, name: string, { json }: Options): Promise<void> {
  const { settings, said } = await ask(target, groupOf(target).$get({ param: paramOf(name) }));
  if (json) return print(settings);
  console.log(said);
}

async function addGroup(target: Target, name: string, options: Options & { folder?: string }): Promise<void> {
  const { folder } = options;
  const wanted = folder === undefined ? { name } : { name, folder };
  tell(await ask(target, clientOf(target).groups.$post({ json: wanted })), options);
}

async function removeGroup(target: Target, name: string, options: Options): Promise<void> {
  tell(await ask(target, groupOf(target).$delete({ param: paramOf(name) })), options);
}

async function setGroup(target: Target, name: string, settings: string[], options: Options): Promise<void> {
  const json = Object.fromEntries(settings.map(assignment));
  const { said } = await ask(target, groupOf(target).$patch({ param: paramOf(name), json }));
  tell({ ok: true, said }, options);
}

async function pause(
  target: Target,
  verb: "pause" | "resume",
  name: string | undefined,
  options: Options,
): Promise<void> {
  const asked =
    name === undefined
      ? clientOf(target)[verb].$post()
      : groupOf(target)[verb].$post({ param: paramOf(name) });
  const { said } = await ask(target, asked);
  tell({ ok: true, said }, options);
}

function assignment(text: string): [string, string] {
  const at = text.indexOf("=");
  if (at < 1) throw new Trouble(`Write settings as name=value, not "${text}".`);
  return [text.slice(0, at), text.slice(at + 1)];
}

function groupOf(target: Target) {
  return clientOf(target).groups[":name"];
}

function paramOf(name: string): { name: string } {
  return { name: encodeURIComponent(name) };
}

/** Throws `Trouble` when it was not done. */
function tell({ ok, said }: Told, { json }: Options): void {
  if (!ok) throw new Trouble(said);
  if (json) return print({ said });
  console.log(said);
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, undefined, 2));
}

function stateOf({ main, registered }: { main: boolean; registered: boolean }): string {
  if (main) return "main";
  return registered ? "registered" : "removed";
}
