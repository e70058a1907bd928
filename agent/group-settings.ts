import { ScheduleError } from "../schedule/error.ts";
import { checkZone } from "../schedule/zones.ts";

/** A part of the install's bucket that a group sees as `/workspace/extra/<name>`. */
export interface Mount {
  name: string;
  /** The beginning of the keys in R2, with a slash at its end. */
  prefix: string;
  readOnly: boolean;
}

/** The hours in which a heartbeat may beat, `HH:MM`, in a zone (the group's without one). */
export interface Hours {
  from: string;
  to: string;
  zone?: string;
}

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
}

/** A setting as a person, a model or a program writes it. */
export type Written = string | number | boolean | null | readonly (string | Mount)[] | Hours;
/** Settings by their names; spelling of the names is free: `turnTimeout`, `turn-timeout`, `turn_timeout`. */
export type WrittenSettings = Record<string, Written>;

type Name = keyof SettingsChange;
type Reader = (written: Exclude<Written, null>) => SettingsChange[Name];

/** What can't be taken over, in a sentence for whoever wrote it. */
class Refused extends Error {}

const READERS: Record<Name, Reader> = {
  name: (written) => text(written, "A name", 64),
  trigger: (written) => text(written, "A trigger", 64),
  requiresTrigger: (written) => yesOrNo(written, "requiresTrigger"),
  timezone: zone,
  model,
  allow,
  mode: (written) => oneOf(written, ["normal", "drop"] as const, "mode"),
  mounts,
  budgetUsd: (written) => amount(written, "budgetUsd", { most: 100_000, unit: "USD a day" }),
  budgetTokens: (written) =>
    amount(written, "budgetTokens", { most: 1e12, unit: "tokens a day", whole: true }),
  turnTimeout: (written) =>
    amount(written, "turnTimeout", { least: 10, most: 3600, unit: "seconds", whole: true }),
  heartbeatInterval: heartbeat,
  activeHours: hours,
  paused: (written) => yesOrNo(written, "paused"),
};

const NAMES = Object.keys(READERS) as Name[];
/** Ways to say that a setting goes back to the install's. */
const DEFAULT = /^(?:default|none|unset|-)$/i;

/** Checks settings as they were written. Never throws: the answer says in one sentence what can't be taken over. */
export function readSettings(
  written: WrittenSettings,
): { ok: true; change: SettingsChange } | { ok: false; said: string } {
  try {
    const entries = Object.entries(written).map(([key, value]) => {
      const name = nameOf(key);
      return [name, isDefault(value) ? null : READERS[name](value as Exclude<Written, null>)] as const;
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
  return NAMES.filter((name) => change[name] !== undefined).map((name) => `${name}: ${shown(change[name])}`);
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

function isDefault(written: Written): boolean {
  return written === null || (typeof written === "string" && DEFAULT.test(written.trim()));
}

function shown(value: SettingsChange[Name]): string {
  if (value === null || value === undefined) return "default";
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (!Array.isArray(value)) return typeof value === "object" ? shownHours(value as Hours) : String(value);
  if (value.length === 0) return "nobody";
  return value.map((entry) => (typeof entry === "string" ? entry : shownMount(entry))).join(", ");
}

function shownHours({ from, to, zone }: Hours): string {
  return `${from}-${to}${zone ? ` ${zone}` : ""}`;
}

function shownMount({ name, prefix, readOnly }: Mount): string {
  return `${name}=${prefix}${readOnly ? "" : ":rw"}`;
}

function text(written: Written, what: string, longest: number): string {
  const line = typeof written === "string" ? written.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim() : "";
  if (line !== "" && [...line].length <= longest && line.isWellFormed()) return line;
  throw new Refused(`${what} has 1 to ${longest} characters.`);
}

function yesOrNo(written: Written, name: string): boolean {
  if (typeof written === "boolean") return written;
  if (typeof written === "string" && /^(?:yes|true|on|1)$/i.test(written.trim())) return true;
  if (typeof written === "string" && /^(?:no|false|off|0)$/i.test(written.trim())) return false;
  throw new Refused(`${name} is yes or no.`);
}

function oneOf<T extends string>(written: Written, choices: readonly T[], name: string): T {
  const chosen = choices.find((choice) => choice === String(written).trim().toLowerCase());
  if (chosen) return chosen;
  throw new Refused(`${name} is ${choices.join(" or ")}.`);
}

function zone(written: Written): string {
  try {
    return checkZone(text(written, "A time zone", 64));
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    throw new Refused(
      `"${String(written).slice(0, 60)}" is not the name of a time zone; write e.g. Europe/Berlin.`,
    );
  }
}

function model(written: Written): string {
  const name = String(written).trim();
  if (/^[\w@][\w.:/@+-]{0,119}$/.test(name)) return name;
  throw new Refused("A model is written like gpt-5-mini or provider/model, without spaces.");
}

/** The chosen number, or a sentence with its bounds. */
function amount(
  written: Written,
  name: string,
  { least = 0, most, unit, whole = false }: { least?: number; most: number; unit: string; whole?: boolean },
): number {
  const number = typeof written === "string" && written.trim() !== "" ? Number(written) : written;
  const fits = typeof number === "number" && number >= least && number <= most;
  if (fits && (!whole || Number.isInteger(number))) return number;
  throw new Refused(
    `${name} is ${whole ? "a whole number" : "a number"} from ${least} to ${most}, in ${unit}.`,
  );
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

const TIME = "([01]?\\d|2[0-3]):([0-5]\\d)";
const HOURS = new RegExp(`^${TIME}\\s*[-–]\\s*${TIME}(?:\\s+(\\S+))?$`);

function hours(written: Written): Hours {
  const given = written as Partial<Hours>;
  const line = typeof written === "string" ? written : `${given.from}-${given.to} ${given.zone ?? ""}`;
  const found = HOURS.exec(line.trim());
  if (!found)
    throw new Refused("activeHours is written like 08:00-22:00, with a time zone behind it if you like.");
  const [, h1, m1, h2, m2, place] = found;
  const times = { from: `${h1!.padStart(2, "0")}:${m1}`, to: `${h2!.padStart(2, "0")}:${m2}` };
  if (times.from === times.to) throw new Refused("activeHours begin and end at different times.");
  return place ? { ...times, zone: zone(place) } : times;
}

const MOST_ALLOWED = 1000;

/** Ids alone: a name that somebody chose is no identity. */
function allow(written: Written): string[] | null {
  if (typeof written === "string" && /^everyone$/i.test(written.trim())) return null;
  const list =
    typeof written === "string" ? (/^nobody$/i.test(written.trim()) ? [] : written.split(",")) : written;
  if (!Array.isArray(list) || list.length > MOST_ALLOWED)
    throw new Refused(`allow is everyone, nobody, or up to ${MOST_ALLOWED} ids such as telegram:1001.`);
  const ids = list.map((entry) => String(entry).trim()).filter(Boolean);
  const bad = ids.find((id) => !/^[^\s@][^\s]{0,127}$/.test(id) || !/\d/.test(id));
  if (bad)
    throw new Refused(
      `"${bad.slice(0, 60)}" is no id: names can be taken by anybody. Write ids such as telegram:1001.`,
    );
  return [...new Set(ids)];
}

const MOST_MOUNTS = 20;
/** What the install itself keeps in the bucket: each folder there has one writer. */
const OWN_KEYS = /^(?:groups|global|media)\//i;

function mounts(written: Written): Mount[] {
  const list = typeof written === "string" ? written.split(",").filter((entry) => entry.trim()) : written;
  if (!Array.isArray(list) || list.length > MOST_MOUNTS)
    throw new Refused(
      `mounts is a list of up to ${MOST_MOUNTS}, such as recipes=shared/recipes/ or recipes=shared/recipes/:rw.`,
    );
  const all = list.map((entry) =>
    checkMount(typeof entry === "string" ? splitMount(entry) : (entry as Mount)),
  );
  const twice = all.find(({ name }, index) => all.findIndex((other) => other.name === name) !== index);
  if (twice) throw new Refused(`Two mounts are called ${twice.name}.`);
  return all;
}

function splitMount(entry: string): Mount {
  const [, name = "", prefix = "", rights] = /^([^=]*)=(.*?)(?::(ro|rw))?$/i.exec(entry.trim()) ?? [];
  return { name: name.trim(), prefix: prefix.trim(), readOnly: rights?.toLowerCase() !== "rw" };
}

function checkMount({ name, prefix, readOnly }: Mount): Mount {
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(String(name)))
    throw new Refused("A mount's name has small letters, digits, - and _, e.g. recipes=shared/recipes/.");
  const path = `${String(prefix).replace(/^\/+|\/+$/g, "")}/`;
  if (!/^(?:[\w.-][\w. -]*\/){1,16}$/.test(path) || /(?:^|\/)\.{1,2}\//.test(path) || path.length > 256)
    throw new Refused(`The prefix of ${name} is a path in the bucket, e.g. shared/recipes/.`);
  if (OWN_KEYS.test(path))
    throw new Refused(`${path} belongs to the install itself; use another prefix, e.g. shared/${name}/.`);
  return { name, prefix: path, readOnly: readOnly !== false };
}
