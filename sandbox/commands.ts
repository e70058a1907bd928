import { getCommandNames } from "#bash";

let known: ReadonlySet<string> | undefined;

/** What sandbox/Dockerfile brings, beside what every Debian has. */
const IN_CONTAINER = new Set(
  "agent-browser bash cat chromium curl find git grep jq node npm npx pdftotext pip3 python3 rg sed sh sqlite3 unzip zip".split(
    " ",
  ),
);

/** Whether the container has a command. */
export function hasContainerCommand(name: string): boolean {
  return IN_CONTAINER.has(name) || hasCommand(name);
}

/** Whether the embedded shell knows a command. */
export function hasCommand(name: string): boolean {
  known ??= new Set<string>([...getCommandNames(), "bash", "sh"]);
  return known.has(name);
}
