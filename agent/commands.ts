/** The chat commands: one table that help, authority and the host's handlers share. */
export interface Command {
  name: string;
  /** What stands after the name, e.g. `CODE`. */
  args?: string;
  /** One line for /help. */
  help: string;
  mainOnly?: boolean;
  /** Understood but not listed. */
  hidden?: boolean;
}

export const COMMANDS: Command[] = [
  { name: "help", help: "this list" },
  { name: "start", help: "this list", hidden: true },
  { name: "status", help: "model, queue, last error, spending" },
  { name: "new", help: "start a new conversation; memory stays" },
  { name: "stop", help: "end what is running" },
  { name: "compact", help: "save what should last and summarise the conversation" },
  { name: "memory", help: "the memory files" },
  { name: "usage", help: "what was spent here today" },
  { name: "why", help: "what was not heard here, and why" },
  { name: "main", args: "CODE", help: "make this chat main, with a code from the console or the CLI" },
  { name: "groups", help: "registered and waiting chats", mainOnly: true },
  { name: "approve", args: "CODE", help: "let in the chat that shows this code", mainOnly: true },
];

/** The row of a command, by its name without the slash. */
export function commandFor(name: string): Command | undefined {
  return COMMANDS.find((command) => command.name === name.toLowerCase());
}

/** What /help says. */
export function helpText(main: boolean): string {
  const shown = COMMANDS.filter((command) => !command.hidden && (main || !command.mainOnly));
  return shown.map(({ name, args, help }) => `/${name}${args ? ` ${args}` : ""} – ${help}`).join("\n");
}
