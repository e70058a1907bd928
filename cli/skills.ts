import { isUtf8 } from "node:buffer";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, relative, resolve, sep } from "node:path";
import { Command } from "commander";
import type { SkillUpload, SkillView } from "../workers/skills.ts";
import { ask, clientOf, type Target } from "./client.ts";
import { table } from "./table.ts";
import { Trouble } from "./trouble.ts";

interface Options {
  group: string;
  global?: boolean;
  json?: boolean;
}

/** Files that are never part of a skill. */
const NOT_OURS = /(?:^|\/)(?:\.git|\.DS_Store|node_modules)(?:\/|$)/;

/** `nanoflare skills`: what the assistant reads before some kinds of work. */
export function skillsCommand(target: () => Target): Command {
  const skills = new Command("skills").description("what the assistant reads before some kinds of work");
  const add = (name: string, description: string, isDefault = false) =>
    skills
      .command(name, { isDefault })
      .description(description)
      .option("--group <name>", "a chat's name or address", "web:main")
      .option("--json", "as JSON");
  const writing = (name: string, description: string) =>
    add(name, description).option("--global", "for all chats");
  add("list", "those of a chat: its own, the global ones, those that came along", true).action(
    (options: Options) => list(target(), options),
  );
  add("show", "one, with its text")
    .argument("<name>")
    .action((name: string, options: Options) => show(target(), name, options));
  writing("add", "take over a folder with a SKILL.md")
    .argument("<folder>")
    .action((folder: string, options: Options) => addFolder(target(), folder, options));
  writing("remove", "delete a skill's folder")
    .argument("<name>")
    .action((name: string, options: Options) => remove(target(), name, options));
  add("check", "say what is wrong with the skills of a chat, or with a folder here")
    .argument("[folder]")
    .action((folder: string | undefined, options: Options) => check(target(), folder, options));
  return skills;
}

async function list(target: Target, options: Options): Promise<void> {
  const { skills = [] } = await ask(target, clientOf(target).skills.$get({ query: place(options) }));
  if (options.json) return print(skills);
  console.log(table(["name", "from", "state", "what for"], skills.map(rowOf)));
}

async function show(target: Target, name: string, options: Options): Promise<void> {
  const asked = { param: { name: encodeURIComponent(name) }, query: place(options) };
  const { said, text = "", files = [] } = await ask(target, clientOf(target).skills[":name"].$get(asked));
  if (options.json) return print({ said, text, files });
  console.log([said, ...files.map((path) => `  ${path}`), "", text.trimEnd()].join("\n"));
}

async function addFolder(target: Target, folder: string, options: Options): Promise<void> {
  const json = { files: filesOf(folder) };
  tell(await ask(target, clientOf(target).skills.$post({ query: place(options), json })), options);
}

async function remove(target: Target, name: string, options: Options): Promise<void> {
  const asked = { param: { name: encodeURIComponent(name) }, query: place(options) };
  tell(await ask(target, clientOf(target).skills[":name"].$delete(asked)), options);
}

async function check(target: Target, folder: string | undefined, options: Options): Promise<void> {
  const query = place(options);
  if (folder !== undefined)
    return tell(
      await ask(
        target,
        clientOf(target).skills.check.$post({
          query,
          json: { files: filesOf(folder), folder: basename(resolve(folder)) },
        }),
      ),
      options,
    );
  const { skills = [] } = await ask(target, clientOf(target).skills.$get({ query }));
  const wrong = skills.filter(({ problem }) => problem);
  if (options.json) return print(wrong);
  if (wrong.length === 0) return console.log(`All ${skills.length} skills can be used.`);
  console.log(
    table(
      ["name", "from", "why it cannot be used"],
      wrong.map((one) => [one.name, one.origin, one.problem!]),
    ),
  );
}

/** The files of a folder, each as text where it is UTF-8. Throws `Trouble` where there is no such folder. */
function filesOf(folder: string): SkillUpload[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new Trouble(`There is no folder ${folder}. A skill is a folder with a SKILL.md.`);
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.flatMap((entry) => {
    const file = join(entry.parentPath, entry.name);
    const path = relative(folder, file).split(sep).join("/");
    return NOT_OURS.test(path) ? [] : [{ path, ...contentOf(readFileSync(file)) }];
  });
}

function contentOf(bytes: Buffer): Omit<SkillUpload, "path"> {
  return isUtf8(bytes) ? { text: bytes.toString("utf8") } : { base64: bytes.toString("base64") };
}

function place({ group, global }: Options): { group: string; global?: "true" } {
  return global ? { group, global: "true" } : { group };
}

function rowOf({ name, origin, problem, outside, always, description }: SkillView): string[] {
  const state =
    problem ?? [outside ? "from outside" : "ready", ...(always ? ["always read"] : [])].join(", ");
  return [name, origin, state, description];
}

function tell({ said }: { said: string }, { json }: Options): void {
  if (json) return print({ said });
  console.log(said);
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, undefined, 2));
}
