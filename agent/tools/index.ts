import * as z from "zod";
import { type Action, authorize } from "../authorize.ts";
import type { ToolCall, ToolSpec } from "../model.ts";
import { bash, bashInContainer } from "./bash.ts";
import { editFile } from "./edit-file.ts";
import { glob } from "./glob.ts";
import { grep } from "./grep.ts";
import { configureGroup, listGroups, registerGroup, removeGroup } from "./groups.ts";
import { listDir } from "./list-dir.ts";
import { readFile } from "./read-file.ts";
import { recall } from "./recall.ts";
import { sendMessage } from "./send-message.ts";
import { spawn } from "./spawn.ts";
import { taskTools } from "./tasks.ts";
import type { Tool } from "./tool.ts";
import { useSkill } from "./use-skill.ts";
import { webFetch } from "./web-fetch.ts";
import { webSearch } from "./web-search.ts";
import { writeFile } from "./write-file.ts";

/** Every tool, in the order that the model reads them. Who may use one stands in rights.ts. */
export const tools: Tool[] = [
  readFile,
  writeFile,
  editFile,
  listDir,
  glob,
  grep,
  bash,
  recall,
  useSkill,
  webSearch,
  webFetch,
  sendMessage,
  spawn,
  ...taskTools,
  registerGroup,
  removeGroup,
  configureGroup,
  listGroups,
];

/** The tools that a group may see. */
export function toolsFor(main: boolean): Tool[] {
  const actor = { role: main ? ("main" as const) : ("member" as const), id: "shown" };
  return tools.filter(({ name }) => authorize(actor, { kind: "tool", name }).ok);
}

/** The tools as they are in an install whose commands run in containers. */
export function inContainer(list: Tool[]): Tool[] {
  return list.map((tool) => (tool === bash ? bashInContainer : tool));
}

/** What whoever calls a tool must be allowed. */
export function rightOf({ name, right }: Pick<Tool, "name" | "right">): Action {
  return right ?? { kind: "tool", name };
}

/** What the model is told of tools. Every byte goes with every request, so nothing that a model can do without. */
export function specs(list: Tool[], main = true): ToolSpec[] {
  return list.map(({ name, description, schema, parameters }) => ({
    name,
    description,
    parameters: parameters ? parameters : main ? parametersOf(schema) : withoutReach(parametersOf(schema)),
  }));
}

/** A call that may be run, or what is wrong with it, in words for the model. */
export type Prepared = { ok: true; tool: Tool; args: unknown } | { ok: false; error: string };

/** Finds the tool of a call and checks its arguments. */
export function prepare(call: Pick<ToolCall, "name" | "arguments">, list: Tool[]): Prepared {
  const tool = list.find((candidate) => candidate.name === call.name);
  if (!tool)
    return {
      ok: false,
      error: `There is no tool "${call.name}". Tools: ${list.map(({ name }) => name).join(", ")}.`,
    };
  const json = parse(call.arguments);
  if (!json.ok) {
    return {
      ok: false,
      error: `The arguments of ${tool.name} are not valid JSON (${json.reason}). Send one JSON object, such as ${example(tool)}.`,
    };
  }
  const parsed = tool.schema.safeParse(withoutNulls(json.value));
  if (parsed.success) return { ok: true, tool, args: parsed.data };
  return {
    ok: false,
    error: `Wrong arguments for ${tool.name}:\n${z.prettifyError(parsed.error)}\nSend e.g. ${example(tool)}.`,
  };
}

/** Models leave the arguments empty where there are none. */
function parse(text: string): { ok: true; value: unknown } | { ok: false; reason: string } {
  try {
    return { ok: true, value: text.trim() === "" ? {} : JSON.parse(text) };
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Models write null for an argument that they leave out. */
function withoutNulls(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== null));
}

/** The arguments that name another chat: only main is told of them. */
const REACH = ["group", "to"];

function withoutReach({ properties = {}, ...rest }: Parameters): Parameters {
  const own = Object.entries(properties).filter(([name]) => !REACH.includes(name));
  return { ...rest, properties: Object.fromEntries(own) };
}

interface Parameters extends Record<string, unknown> {
  properties?: Record<string, { type?: string; maximum?: number }>;
  required?: string[];
}

/** A schema is written as JSON once, not for each request. */
const written = new WeakMap<z.ZodType, Parameters>();
type Untyped = Record<string, unknown>;

function parametersOf(schema: z.ZodType): Parameters {
  const parameters = written.get(schema) ?? writeParameters(schema);
  written.set(schema, parameters);
  return parameters;
}

const TOLD_LATER = ["default", "minimum", "maximum", "minLength", "maxLength", "maxItems"] as const;

function writeParameters(schema: z.ZodType): Parameters {
  const {
    $schema: _,
    additionalProperties: __,
    ...parameters
  } = z.toJSONSchema(schema, { io: "input" }) as Parameters;
  // The check of the arguments fills in what was left out, and tells a bound when it matters.
  for (const [name, property] of Object.entries(parameters.properties ?? {}) as [string, Untyped][]) {
    if (property.untold) delete parameters.properties![name];
    for (const told of TOLD_LATER) delete property[told];
  }
  return parameters;
}

/** A smallest call: the required arguments. */
function example(tool: Tool): string {
  const { properties = {}, required = [] } = parametersOf(tool.schema);
  return JSON.stringify(
    Object.fromEntries(required.map((name) => [name, properties[name]?.type === "integer" ? 1 : "…"])),
  );
}
