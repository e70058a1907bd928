import type * as z from "zod";
import type { Action } from "../authorize.ts";
import type { WrittenSettings } from "../group-settings.ts";
import type { Author, Notebook } from "../notebook.ts";
import type { Shell } from "../shell.ts";
import type { Skill } from "../skills.ts";
import type { Tasks } from "../tasks.ts";
import type { Web } from "../web/web.ts";

/** `read`: no effect. `idempotent`: running twice is like once. `unsafe`: started means at most once. */
export type Risk = "read" | "idempotent" | "unsafe";

/** A hit of a search over what was said and remembered. */
export interface Recalled {
  /** Milliseconds since the epoch; 0 for a line of a memory file. */
  at: number;
  who: string;
  text: string;
  /** `chat`, or the path of a memory file. */
  source: string;
  /** It came from outside. */
  outside?: true;
}

/** All that a tool may use. Everything else does not exist for it. */
export interface ToolContext {
  notebook: Notebook;
  shell: Shell;
  author: Author;
  /** The group's zone, IANA. */
  timezone: string;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Aborted by `/stop` and by the turn's deadline. */
  signal: AbortSignal;
  /** Settings of the install that tools read. */
  limits: { execTimeoutMs: number };
  /** What the call answers holds text from outside that nothing else tells of, such as a file's name. */
  outside(): void;
  /** Full-text search over the group's own history and memory. */
  recall(query: string, limit: number): Recalled[];
  /**
   * Queues a message with the files at these paths, as they are now. `to` is an address or a group's name; without it
   * the own chat. Runs `commit` in the same transaction. Answers what went wrong, in words, or undefined.
   */
  sendMessage(
    text: string,
    to: string | undefined,
    commit: () => void,
    paths?: readonly string[],
  ): Promise<string | undefined>;
  /** Groups, for main only; the host checks again. */
  groups: {
    register(name: string, folder?: string): Promise<string>;
    configure(name: string, settings: WrittenSettings): Promise<string>;
    show(name: string): Promise<string>;
    remove(name: string): Promise<string>;
    list(): Promise<string>;
  };
  /** Calls a tool of an MCP server. Answers its text; throws `ToolError` for what went wrong. */
  callMcp(server: string, tool: string, args: Record<string, unknown>): Promise<string>;
  /** The group's tasks; for main also other groups'. */
  tasks: Tasks;
  web: Web;
  /** Gives work to a sub-agent; `commit` runs in the same transaction. Answers what it is called, or why there is none. */
  spawn(
    work: { task: string; label?: string },
    commit: (said: string) => void,
  ): { ok: boolean; said: string };
  /** The skills of this chat, also those that lack something here. */
  skills: readonly Skill[];
  /**
   * Ends this call with this result inside the transaction of a local effect, so that a crash cannot separate
   * them. A tool that does not call it is settled by the loop with what `run` returned.
   */
  settle(result: string): void;
}

/**
 * A tool. `run` returns the text for the model and throws `ToolError` for what the model can mend.
 * *Contract:* arguments were checked against `schema`; `authorize` said yes right before `run`.
 */
export interface Tool<S extends z.ZodType = z.ZodType> {
  name: string;
  /** Text for the model: short, every byte is sent with every request. */
  description: string;
  schema: S;
  /** JSON Schema for the model, where somebody else made it. */
  parameters?: Record<string, unknown>;
  /** The right that it needs, where its name does not stand in the table of rights. */
  right?: Action;
  risk: Risk;
  /** Whether this call carries text out of the group; without it none does. */
  carries?(args: z.infer<S>): boolean;
  run(args: z.infer<S>, context: ToolContext): Promise<string>;
}

/** A failure that the model can mend: its message says how. */
export class ToolError extends Error {}

/** Marks an argument that is taken and not told of in every request: a result says it, or few need it. */
export const UNTOLD = { untold: true };

/** Keeps the schema's type while tools stand in one list. */
export function defineTool<S extends z.ZodType>(tool: Tool<S>): Tool {
  return tool as unknown as Tool;
}
