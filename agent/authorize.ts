import { commandFor } from "./commands.ts";

/** Who acts, by the platform's verified ids and by rows; never by what a text claims. */
export interface Actor {
  /**
   * `main`: somebody in a main group, the console or the CLI. `member`: somebody in a registered group. `stranger`:
   * anybody else. `bot`: another bot. `host`: the house itself (sweep, repair).
   */
  role: "main" | "member" | "stranger" | "bot" | "host";
  id: string;
}

export type Action =
  | { kind: "wake" }
  | { kind: "command"; name: string }
  | { kind: "tool"; name: string; mainOnly: boolean }
  | { kind: "file"; verb: "read" | "write"; scope: "group" | "global" | "other" }
  | { kind: "send"; scope: "group" | "other" }
  | { kind: "group"; verb: "list" | "register" | "remove" }
  | { kind: "api" };

export type Verdict = { ok: true } | { ok: false; reason: string };

type Role = Actor["role"];

/**
 * The table: what each role may do. What is not in it is refused.
 *
 * | action | main | member | stranger | bot | host |
 * |---|---|---|---|---|---|
 * | wake | yes | yes | no | no | yes |
 * | command for everyone | yes | yes | only `main` | no | no |
 * | command of main | yes | no | no | no | no |
 * | tool for everyone | yes | yes | no | no | yes |
 * | tool of main | yes | no | no | no | no |
 * | read group and global files | yes | yes | no | no | yes |
 * | write group files | yes | yes | no | no | yes |
 * | write global files | yes | no | no | no | yes |
 * | other groups' files | no | no | no | no | no |
 * | send here | yes | yes | no | no | yes |
 * | send to another group | yes | no | no | no | yes |
 * | list, register, remove groups | yes | no | no | no | no |
 * | admin API | yes | no | no | no | no |
 */
export function authorize(actor: Actor, action: Action): Verdict {
  if (!actor.id || !actor.role) return refused("it is not known who asks");
  const rule = ruleFor(action);
  return rule?.includes(actor.role) ? { ok: true } : refused(reasonFor(actor, rule));
}

/** The rights of a tool call: those of the group whose turn it is. */
export function authorizeTool(main: boolean, tool: { name: string; mainOnly?: boolean }): Verdict {
  const actor: Actor = { role: main ? "main" : "member", id: "turn" };
  return authorize(actor, { kind: "tool", name: tool.name, mainOnly: tool.mainOnly === true });
}

const EVERYONE: Role[] = ["main", "member", "host"];
const MAIN: Role[] = ["main"];
const MAIN_AND_HOST: Role[] = ["main", "host"];

function ruleFor(action: Action): Role[] | undefined {
  switch (action.kind) {
    case "wake":
      return EVERYONE;
    case "command":
      return commandRule(action.name);
    case "tool":
      return action.mainOnly ? MAIN : EVERYONE;
    case "file":
      return fileRule(action);
    case "send":
      return action.scope === "group" ? EVERYONE : MAIN_AND_HOST;
    case "group":
    case "api":
      return MAIN;
  }
}

function commandRule(name: string): Role[] | undefined {
  const command = commandFor(name);
  if (!command) return undefined;
  // Whoever has the one-time code may use it, wherever he is.
  if (command.name === "main") return ["main", "member", "stranger"];
  return command.mainOnly ? MAIN : ["main", "member"];
}

function fileRule(action: Extract<Action, { kind: "file" }>): Role[] | undefined {
  if (action.scope === "other") return undefined;
  return action.verb === "write" && action.scope === "global" ? MAIN_AND_HOST : EVERYONE;
}

function refused(reason: string): Verdict {
  return { ok: false, reason };
}

function reasonFor(actor: Actor, rule: Role[] | undefined): string {
  if (!rule) return "Nobody may do this.";
  if (actor.role === "bot" || actor.role === "stranger") return "Only members of a registered chat may do this.";
  return "Only the main group may do this.";
}
