import { authorize } from "./authorize.ts";

/** A chat command: `/name args` at the very start of a message. Who may use it stands in rights.ts. */
export interface Command {
  name: string;
  /** How its arguments are written, for the help. */
  args?: string;
  /** One line for people. */
  help: string;
  /** Not shown in the help. */
  hidden?: boolean;
}

/** Every command of this version, in the order of the help. */
export const commands: readonly Command[] = [
  { name: "help", help: "what you can type" },
  { name: "start", help: "the same as /help", hidden: true },
  { name: "status", help: "model, queue, last error and budget" },
  { name: "new", help: "start a new conversation; memory stays" },
  { name: "stop", args: "[#NUMBER]", help: "stop what I am doing, or one sub-agent" },
  { name: "compact", help: "save what should last and shorten the conversation" },
  { name: "tasks", help: "what is planned, and when" },
  {
    name: "memory",
    args: "[show|versions|restore FILE [NUMBER]]",
    help: "what I remember, what it was before, and bringing that back",
  },
  { name: "usage", help: "what was spent here today" },
  { name: "why", help: "which messages I did not hear or answer, and why" },
  {
    name: "approve",
    args: "#NUMBER",
    help: "let me make a call that waits; in main also CODE: let a direct chat in",
  },
  { name: "deny", args: "#NUMBER", help: "say no to a call that waits" },
  {
    name: "main",
    args: "CODE",
    help: "make this chat the main one, with a code from the console",
  },
  {
    name: "groups",
    args: "[show|add|remove|set NAME …]",
    help: "which groups I am in, and their settings",
  },
  { name: "model", args: "[GROUP] [MODEL]", help: "which model answers, or another one from now on" },
  { name: "pause", args: "[GROUP]", help: "stop turns and tasks of a group, or of all" },
  { name: "resume", args: "[GROUP]", help: "let them go on" },
];

const byName = new Map(commands.map((command) => [command.name, command]));

/** The command with this name, without its slash, in any case. */
export function commandFor(name: string): Command | undefined {
  return byName.get(name.toLowerCase());
}

/** What `/help` answers, in main or elsewhere. */
export function helpText(main: boolean): string {
  const actor = { role: main ? ("main" as const) : ("member" as const), id: "help" };
  const may = (name: string) => authorize(actor, { kind: "command", name }).ok;
  const shown = commands.filter(({ name, hidden }) => !hidden && may(name));
  const lines = shown.map(({ name, args, help }) => `- /${name}${args ? ` ${args}` : ""}: ${help}`);
  return ["Write to me in plain words, or type one of these:", ...lines].join("\n");
}
