import { allow } from "./settings/allow.ts";
import { approval, approvers } from "./settings/approval.ts";
import { egress } from "./settings/egress.ts";
import { env } from "./settings/env.ts";
import { type Hours, hours, shownHours } from "./settings/hours.ts";
import { mcp } from "./settings/mcp.ts";
import { type Mount, mounts, shownMount } from "./settings/mounts.ts";
import { amount, oneOf, Refused, text, type Written, yesOrNo } from "./settings/written.ts";
import { zone } from "./settings/zone.ts";

export type { Hours } from "./settings/hours.ts";
export type { Mount } from "./settings/mounts.ts";
export type { Written } from "./settings/written.ts";

/** What main may change of a group. Undefined keeps, null goes back to the install's default. */
export interface SettingsChange {
  /** Null: it follows the chat's title again. */
  name?: string | null;
  trigger?: string | null;
  requiresTrigger?: boolean | null;
  /** IANA. */
  timezone?: string | null;
  model?: string | null;
  /** Ids of the people who may wake the assistant, `telegram:1001` or `1001`. Null: everyone; empty: nobody. */
  allow?: string[] | null;
  /** `drop`: what people say who may not wake it is not stored. */
  mode?: "normal" | "drop" | null;
  mounts?: Mount[] | null;
  /** Hosts that its commands may reach, as `readEgress` reads them. */
  egress?: string | null;
  /** Variables of its commands, each `NAME=value`. */
  env?: string[] | null;
  /** Names of MCP servers that are on; `all`. Empty: none. Null: all in main, none elsewhere. */
  mcp?: string[] | null;
  /** USD a day. */
  budgetUsd?: number | null;
  /** Tokens a day. */
  budgetTokens?: number | null;
  /** Seconds. */
  turnTimeout?: number | null;
  /** Seconds; 0 is off. */
  heartbeatInterval?: number | null;
  activeHours?: Hours | null;
  paused?: boolean | null;
  /** Tools and commands that wait for somebody's yes: `send_message`, `bash:git push*`. */
  approval?: string[] | null;
  /** Ids of who may say it. Null: main; empty: only the owner, at the console. */
  approvers?: string[] | null;
}

/** Settings by their names; spelling of the names is free: `turnTimeout`, `turn-timeout`, `turn_timeout`. */
export type WrittenSettings = Record<string, Written>;

type Name = keyof SettingsChange;
type Reader = (written: Exclude<Written, null>) => SettingsChange[Name];

const READERS: Record<Name, Reader> = {
  name: (written) => text(written, "A name", 64),
  trigger: (written) => text(written, "A trigger", 64),
  requiresTrigger: (written) => yesOrNo(written, "requiresTrigger"),
  timezone: zone,
  model,
  allow,
  mode: (written) => oneOf(written, ["normal", "drop"] as const, "mode"),
  mounts,
  egress,
  env,
  mcp,
  budgetUsd: (written) => amount(written, "budgetUsd", { most: 100_000, unit: "USD a day" }),
  budgetTokens: (written) =>
    amount(written, "budgetTokens", { most: 1e12, unit: "tokens a day", whole: true }),
  turnTimeout: (written) =>
    amount(written, "turnTimeout", { least: 10, most: 3600, unit: "seconds", whole: true }),
  heartbeatInterval: heartbeat,
  activeHours: hours,
  paused: (written) => yesOrNo(written, "paused"),
  approval,
  approvers,
};

const NAMES = Object.keys(READERS) as Name[];
/** Ways to say that a setting goes back to the install's. */
const DEFAULT = /^(?:default|none|unset|-)$/i;
/** None is a choice of its own here, and the strictest. */
const NONE_IS_A_VALUE: readonly Name[] = ["egress"];

/** Checks settings as they were written. Never throws: the answer says in one sentence what can't be taken over. */
export function readSettings(
  written: WrittenSettings,
): { ok: true; change: SettingsChange } | { ok: false; said: string } {
  try {
    const entries = Object.entries(written).map(([key, value]) => {
      const name = nameOf(key);
      return [name, isDefault(value, name) ? null : READERS[name](value as Exclude<Written, null>)] as const;
    });
    if (entries.length > 0) return { ok: true, change: Object.fromEntries(entries) };
    return {
      ok: false,
      said: `Say what to change, e.g. timezone=Europe/Berlin. There are: ${NAMES.join(", ")}.`,
    };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, said: error.message };
    throw error;
  }
}

/** Settings as people read them, one a line; those at their default are left out. */
export function describeChange(change: SettingsChange): string[] {
  return NAMES.filter((name) => change[name] !== undefined).map(
    (name) => `${name}: ${shown(change[name], name === "allow" ? "nobody" : "none")}`,
  );
}

/** `key=value` words, values in quotes where they hold spaces. Undefined where a word is none of these. */
export function parseAssignments(words: string): WrittenSettings | undefined {
  const found = [...words.matchAll(/\s*([\w-]+)\s*=\s*(?:"([^"]*)"|“([^”]*)”|(\S*))(?=\s|$)/gy)];
  if (
    found
      .map(([whole]) => whole)
      .join("")
      .trim() !== words.trim()
  )
    return undefined;
  return Object.fromEntries(
    found.map(([, key, ...values]) => [key!, values.find((value) => value !== undefined) ?? ""]),
  );
}

function nameOf(key: string): Name {
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z]/g, "");
  const name = NAMES.find((known) => plain(known) === plain(key));
  if (!name) throw new Refused(`There is no setting "${key.slice(0, 40)}". There are: ${NAMES.join(", ")}.`);
  return name;
}

function isDefault(written: Written, name: Name): boolean {
  if (NONE_IS_A_VALUE.includes(name) && /^\s*none\s*$/i.test(String(written))) return false;
  return written === null || (typeof written === "string" && DEFAULT.test(written.trim()));
}

function shown(value: SettingsChange[Name], nothing: string): string {
  if (value === null || value === undefined) return "default";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (!Array.isArray(value)) return typeof value === "object" ? shownHours(value as Hours) : String(value);
  if (value.length === 0) return nothing;
  return value.map((entry) => (typeof entry === "string" ? entry : shownMount(entry))).join(", ");
}

function model(written: Written): string {
  const name = String(written).trim();
  if (/^[\w@][\w.:/@+-]{0,119}$/.test(name)) return name;
  throw new Refused("A model is written like gpt-5-mini or provider/model, without spaces.");
}

function heartbeat(written: Written): number {
  if (typeof written === "string" && /^off$/i.test(written.trim())) return 0;
  const seconds = amount(written, "heartbeatInterval", {
    most: 31 * 86_400,
    unit: "seconds; 0 is off",
    whole: true,
  });
  if (seconds === 0 || seconds >= 60) return seconds;
  throw new Refused("heartbeatInterval is at least 60 seconds; 0 is off.");
}
