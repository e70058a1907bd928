import { commandFor } from "./commands.ts";
import type { Touch } from "./tools/tool.ts";

/** Who acts. `main`: someone in a main chat, or the owner's token; `host`: this program itself. */
export type Role = "main" | "member" | "stranger" | "bot" | "host";

/** `id` is the platform's immutable id, never a name. */
export interface Actor {
  role: Role;
  id: string;
}

export type Action =
  | { kind: "wake" }
  | { kind: "api" }
  | { kind: "command"; name: string }
  | { kind: "tool"; name: string; mainOnly?: boolean; touches: readonly Touch[] }
  | { kind: "file"; verb: "read" | "write"; scope: "group" | "global" | "other" }
  | { kind: "group"; verb: "register" | "remove" | "configure" | "list" }
  | { kind: "send"; scope: "group" | "other" };

/** `reason` is a sentence for the model or for the person who asked. */
export type Verdict = { ok: true } | { ok: false; reason: string };

const PEOPLE: readonly Role[] = ["main", "member"];
const HOUSE: readonly Role[] = ["main", "host"];
const ALL: readonly Role[] = ["main", "member", "host"];

/** Who may do what. What does not stand here is refused. */
const TABLE = new Map<string, readonly Role[]>([
  ["wake", ALL],
  ["api", ["main"]],
  ["command", PEOPLE],
  ["command:main", ["main"]],
  ["command:anyone", ["main", "member", "stranger"]],
  ["tool", PEOPLE],
  ["tool:main", ["main"]],
  ["file:read:group", ALL],
  ["file:write:group", ALL],
  ["file:read:global", ALL],
  ["file:write:global", HOUSE],
  ["group:register", HOUSE],
  ["group:remove", HOUSE],
  ["group:configure", HOUSE],
  ["group:list", HOUSE],
  ["send:group", ALL],
  ["send:other", HOUSE],
]);

/**
 * The one place that says who may do what; asked for every event and right before every tool.
 *
 * | action                                                  | main | member | host | stranger | bot |
 * |---------------------------------------------------------|------|--------|------|----------|-----|
 * | wake the agent, send to the own chat                    | yes  | yes    | yes  |          |     |
 * | commands and tools                                      | yes  | yes    |      |          |     |
 * | commands and tools of main, the API                     | yes  |        |      |          |     |
 * | `/main CODE`                                            | yes  | yes    |      | yes      |     |
 * | the own group's files, reading global ones              | yes  | yes    | yes  |          |     |
 * | writing global files, groups, sending to another group  | yes  |        | yes  |          |     |
 * | another group's files, and everything else              |      |        |      |          |     |
 *
 * Default deny: an unknown role, action or tool and a missing field are refusals. Never throws. A task's or a
 * heartbeat's turn acts with the role of its group, not as `host`.
 */
export function authorize(actor: Actor, action: Action): Verdict {
  if (!isComplete(actor)) return refuse("It is not known who asks.");
  const key = keyOf(action);
  const roles = key === undefined ? undefined : TABLE.get(key);
  if (!roles) return refuse("That is not allowed here.");
  return roles.includes(actor.role) ? { ok: true } : refuse(reasonFor(roles));
}

/** Whether a turn of a main or an ordinary group may run a tool. Asked right before each run. */
export function authorizeTool(
  main: boolean,
  tool: { name: string; mainOnly?: boolean; touches: readonly Touch[] },
): Verdict {
  const { name, mainOnly, touches } = tool;
  return authorize(
    { role: main === true ? "main" : "member", id: "turn" },
    { kind: "tool", name, mainOnly, touches },
  );
}

function isComplete(actor: Actor): boolean {
  return typeof actor?.id === "string" && actor.id !== "" && typeof actor.role === "string";
}

/** The row of the table that an action belongs to; undefined where something is missing or unknown. */
function keyOf(action: Action): string | undefined {
  switch (action?.kind) {
    case "wake":
    case "api":
      return action.kind;
    case "command":
      return commandKey(action.name);
    case "tool":
      return toolKey(action);
    case "file":
      return `file:${action.verb}:${action.scope}`;
    case "group":
      return `group:${action.verb}`;
    case "send":
      return `send:${action.scope}`;
    default:
      return undefined;
  }
}

function commandKey(name: string): string | undefined {
  const command = typeof name === "string" ? commandFor(name) : undefined;
  if (!command) return undefined;
  if (command.anyone) return "command:anyone";
  return command.mainOnly ? "command:main" : "command";
}

function toolKey(tool: Extract<Action, { kind: "tool" }>): string | undefined {
  if (!tool.name || !Array.isArray(tool.touches)) return undefined;
  return tool.mainOnly ? "tool:main" : "tool";
}

function reasonFor(roles: readonly Role[]): string {
  return roles.includes("member") ? "You may not do that here." : "Only the main chat may do that.";
}

function refuse(reason: string): Verdict {
  return { ok: false, reason };
}
