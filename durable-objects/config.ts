import * as z from "zod";
import { readCredentials } from "../agent/credentials.ts";
import { type McpServer, readServers } from "../agent/mcp/servers.ts";
import { checkZone } from "../schedule/zones.ts";
import { checkVariables } from "./config-checks.ts";
import { LOG_LEVELS } from "./log.ts";

const WHOLE = "must be a whole number above 0";
const NUMBER = "must be a number, 0 or more";
const TEMPERATURE = "must be a number from 0 to 2";
const NAME = "must have 1 to 64 characters";
const seconds = (fallback: number) => z.coerce.number(WHOLE).int(WHOLE).positive(WHOLE).default(fallback);
const amount = (fallback: number) => z.coerce.number(NUMBER).nonnegative(NUMBER).default(fallback);
const timezone = z
  .string()
  .default("UTC")
  .refine(isZone, { message: "is not an IANA time zone; write e.g. Europe/Berlin" });

/** Hosts as a URL writes them, comma-separated: `127.0.0.1:8123`. */
const hosts = z
  .string()
  .default("")
  .transform((list) =>
    list
      .toLowerCase()
      .split(/[\s,]+/)
      .filter(Boolean),
  );

/** Every variable that the code reads as more than text. Others (keys, tokens) stay strings in `vars`. */
const schema = z.object({
  MAX_TOKENS: seconds(4096),
  MAX_TURNS: seconds(25),
  /** Seconds. */
  TURN_TIMEOUT: seconds(600),
  TEMPERATURE: z.coerce.number(TEMPERATURE).min(0, TEMPERATURE).max(2, TEMPERATURE).default(0.7),
  /** Seconds. */
  EXEC_TIMEOUT: seconds(60),
  /** Seconds; 0 is off. */
  HEARTBEAT_INTERVAL: amount(1800),
  /** Seconds without a byte until a model's stream is cut. */
  MODEL_STALL_TIMEOUT: seconds(60),
  ASSISTANT_NAME: z.string().trim().min(1, NAME).max(64, NAME).default("Flare"),
  TIMEZONE: timezone,
  /** `telegram:1001` or `1001`, comma-separated. Undefined: registration and pairing decide. */
  ALLOW_FROM: z
    .string()
    .transform((list) =>
      list
        .split(",")
        .map((entry) => entry.trim())
        .filter(Boolean),
    )
    .optional(),
  /** USD. */
  BUDGET_TURN_USD: amount(0.5),
  BUDGET_GROUP_USD: amount(5),
  BUDGET_INSTALL_USD: amount(20),
  BUDGET_TURN_TOKENS: amount(500_000),
  BUDGET_GROUP_TOKENS: amount(5_000_000),
  BUDGET_INSTALL_TOKENS: amount(20_000_000),
  /** What may be called though it is inside: MCP servers and files of platforms; pages that any chat names. */
  OUTBOUND_ALLOW: hosts,
  WEB_FETCH_ALLOW: hosts,
  LOG_LEVEL: z.enum(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(", ")}`).default("info"),
});

/** Old names that are still accepted, and what they are called now. */
const RENAMED: Record<string, string> = {
  NANOBOT_MODEL: "MODEL",
  NANOBOT_API_KEY: "API_KEY",
  NANOBOT_API_BASE: "API_BASE",
  PI_BASE_URL: "API_BASE",
  PI_API_KEY: "API_KEY",
  PI_MODEL: "MODEL",
  OPENAI_BASE_URL: "API_BASE",
};

export type Settings = z.infer<typeof schema>;

/** The Worker's configuration, parsed once. */
export interface Config extends Settings {
  /** All string variables by their present names. */
  vars: Readonly<Record<string, string | undefined>>;
  /** `MCP_SERVERS`, as far as it can be read. */
  mcpServers: McpServer[];
  /** Sentences that name a variable and the fix. An invalid value falls back to its default and is told here. */
  problems: string[];
}

/** Parses variables and secrets. Never throws: what is invalid is reported in `problems` and takes its default, a budget 0. */
export function readConfig(env: object): Config {
  const vars: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(env))
    if (typeof value === "string" && value !== "") vars[name] = value;
  const problems = [...acceptOldNames(vars), ...readCredentials(vars).problems, ...checkVariables(vars)];
  const settings: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(schema.shape)) {
    const parsed = field.safeParse(vars[name]);
    if (parsed.success) settings[name] = parsed.data;
    else {
      const spends = name.startsWith("BUDGET_");
      const instead = spends ? "Until it is mended, nothing is spent." : "The default is used.";
      problems.push(`${name}="${vars[name]}" ${parsed.error.issues[0]?.message ?? "is invalid"}. ${instead}`);
      settings[name] = field.parse(spends ? 0 : undefined);
    }
  }
  const mcp = readServers(vars);
  problems.push(...mcp.problems);
  return { ...(settings as Settings), vars, mcpServers: mcp.servers, problems };
}

function acceptOldNames(vars: Record<string, string | undefined>): string[] {
  const problems: string[] = [];
  for (const [old, now] of Object.entries(RENAMED)) {
    if (vars[old] === undefined) continue;
    vars[now] ??= vars[old];
    problems.push(`${old} is called ${now} now; the old name still works.`);
  }
  if (vars.CONTAINER_TIMEOUT !== undefined) {
    vars.TURN_TIMEOUT ??= String(Math.ceil(Number(vars.CONTAINER_TIMEOUT) / 1000));
    problems.push("CONTAINER_TIMEOUT (ms) is called TURN_TIMEOUT (s) now; the old name still works.");
  }
  return problems;
}

/** Whether tasks can be planned in this zone: its name, not an offset, which knows no daylight saving. */
function isZone(zone: string): boolean {
  try {
    checkZone(zone);
    return true;
  } catch {
    return false;
  }
}
