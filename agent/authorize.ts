import { RIGHTS, type Right, type Role } from "./rights.ts";
import type { Trust } from "./trust.ts";

export type { Role } from "./rights.ts";

/** `id` is the platform's immutable id with its channel, never a name. */
export interface Actor {
  role: Role;
  id: string;
  /** A task's maker: it may do what both may. */
  as?: "main" | "member";
}

export type Action =
  | { kind: "event"; name: "message" | "wake" | "edit" | "reaction" | "press" | "arrival" | "migration" }
  | { kind: "command"; name: string }
  | { kind: "tool"; name: string }
  /** `name`: method and pattern, e.g. `GET /api/chat/:address/history`. */
  | { kind: "route"; name: string }
  | { kind: "file"; verb: "write" | "restore"; scope: "group" | "global" | "mount" }
  | { kind: "task"; verb: "see" | "change"; scope: "group" | "other" }
  | { kind: "group"; verb: "register" | "remove" | "configure" | "list" }
  | { kind: "send"; scope: "other" }
  | { kind: "audit"; verb: "read" }
  /** `call`, `read`: a tool of an MCP server; `memory`: what another agent reads over MCP. */
  | { kind: "mcp"; verb: "call" | "read" | "memory" };

/** `reason` is a sentence for the model or for the person who asked. */
export type Verdict = { ok: true } | { ok: false; reason: string };

const TABLE = new Map(RIGHTS.flatMap((right) => right.keys.map((key) => [key, right] as const)));

/** This program itself. */
export const HOST: Actor = { role: "host", id: "host" };
/** Whoever holds the install's token or a console session. */
export const OWNER: Actor = { role: "owner", id: "owner" };
/** A request of nobody in particular. */
export const VISITOR: Actor = { role: "visitor", id: "visitor" };

/**
 * The one place that says who may do what: RIGHTS is its table, docs/threat-model.md shows it. Asked for every event,
 * command and request, and right before every tool and every reach into another group.
 *
 * Default deny: an unknown role, action or name and a missing field are refusals. Never throws.
 * @param trust the label of the turn that acts; without it nothing from outside was read
 */
export function authorize(actor: Actor, action: Action, trust?: Trust): Verdict {
  if (!isComplete(actor)) return refuse("It is not known who asks.");
  const key = keyOf(action);
  const right = key === undefined ? undefined : TABLE.get(key);
  if (!right) return refuse("That is not allowed here.");
  if (!may(actor, right)) return refuse(reasonFor(actor, right));
  return right.clean && trust === "outside" ? refuse(FROM_OUTSIDE) : { ok: true };
}

/** A turn may do what everyone who speaks in it may. Nobody may do nothing. */
export function authorizeAll(actors: readonly Actor[], action: Action, trust?: Trust): Verdict {
  if (actors.length === 0) return refuse("It is not known who asks.");
  const verdicts = actors.map((actor) => authorize(actor, action, trust));
  return verdicts.find((verdict) => !verdict.ok) ?? { ok: true };
}

const FROM_OUTSIDE =
  "This conversation has read text from outside (a bot, somebody who may not wake me, their files, the web, a server), so " +
  "nothing may go from it to other chats and servers, or change them. Say so; after /new, somebody of this chat can ask for it again.";

function isComplete(actor: Actor): boolean {
  return typeof actor?.id === "string" && actor.id !== "" && typeof actor.role === "string";
}

function may(actor: Actor, right: Right): boolean {
  if (!right.who.includes(actor.role)) return false;
  if (actor.role !== "task") return true;
  return (actor.as === "main" || actor.as === "member") && right.who.includes(actor.as);
}

/** The key of an action in RIGHTS; undefined where something is missing or of another kind. */
export function keyOf(action: Action): string | undefined {
  switch (action?.kind) {
    case "event":
    case "command":
    case "tool":
    case "route":
      return joined(action.kind, action.name);
    case "file":
    case "task":
      return joined(action.kind, action.verb, action.scope);
    case "group":
    case "audit":
    case "mcp":
      return joined(action.kind, action.verb);
    case "send":
      return joined(action.kind, action.scope);
    default:
      return undefined;
  }
}

function joined(...parts: unknown[]): string | undefined {
  return parts.every((part) => typeof part === "string") ? parts.join(":") : undefined;
}

function reasonFor(actor: Actor, right: Right): string {
  if (actor.role === "stranger") return "This chat is not registered, so nothing may be done for it.";
  return right.who.includes("member") ? "You may not do that here." : "Only main may do that.";
}

function refuse(reason: string): Verdict {
  return { ok: false, reason };
}
