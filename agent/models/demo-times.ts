import { DateTime } from "luxon";
import type { Asked } from "./demo-steps.ts";

/** What is to happen, and when: the arguments of `schedule_task` without its text. */
export interface Plan {
  when: { schedule_type: "once" | "interval" | "cron"; schedule_value: string };
  what: string;
}

interface Form {
  /** Named groups: `n`, `unit`, `day`, `hour`, `minute`, `half`. */
  pattern: string;
  when(found: Found, asked: Pick<Asked, "now" | "timezone">): Plan["when"] | undefined;
}
type Found = Partial<Record<"n" | "unit" | "day" | "hour" | "minute" | "half", string>>;

const UNITS: Record<string, number> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
};
const UNIT = `(?<unit>${Object.keys(UNITS).join("|")})s?`;
const WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const CLOCK = "at (?<hour>\\d{1,2})(?:[:.](?<minute>\\d\\d))?(?: ?(?<half>[ap]\\.?m\\b\\.?)| o['’]clock)?";
const DAY = `(?:on )?(?<day>today|tomorrow|${WEEKDAYS.join("|")}|\\d{4}-\\d\\d-\\d\\d)`;
const RHYTHM = `every (?<day>day|morning|evening|weekday|${WEEKDAYS.join("|")})`;

/** Cron's day of the week. */
const DAYS: Record<string, string> = {
  weekday: "1-5",
  ...Object.fromEntries(WEEKDAYS.map((name, index) => [name, String(index + 1)])),
};

/** The times that are understood, first match first. */
const FORMS: Form[] = [
  {
    pattern: `in (?<n>\\d+|an?|one) ${UNIT}`,
    when: (found, { now }) => once(new Date(now + lengthOf(found))),
  },
  { pattern: `${RHYTHM} ${CLOCK}`, when: cron },
  { pattern: `every (?:(?<n>\\d+) )?${UNIT}(?! at \\d)`, when: (found) => interval(lengthOf(found)) },
  { pattern: RHYTHM, when: cron },
  { pattern: `${DAY} ${CLOCK}`, when: atClock },
  { pattern: `${CLOCK} ${DAY}`, when: atClock },
  { pattern: CLOCK, when: atClock },
  { pattern: DAY, when: atClock },
];

const READERS = FORMS.map(({ pattern, when }) => ({
  // “in 10 minutes to stretch”, “to stretch in 10 minutes”
  patterns: [
    `^${pattern}(?!\\w)[,:]?(?: to| that| of)?\\s+(?<what>[\\s\\S]+)$`,
    `^(?:to|that|of) (?<what>[\\s\\S]+?),? ${pattern}[.!]*$`,
  ],
  when,
})).map(({ patterns, when }) => ({ patterns: patterns.map((source) => new RegExp(source, "i")), when }));

/** Reads “in 10 seconds to stretch”, “every day at 9 say hi”, “to call Bob tomorrow at 9:30”. */
export function readPlan(text: string, asked: Pick<Asked, "now" | "timezone">): Plan | undefined {
  for (const { patterns, when } of READERS) {
    const found = patterns.map((pattern) => pattern.exec(text)?.groups).find(Boolean);
    const schedule = found && when(found, asked);
    if (schedule) return { when: schedule, what: found.what!.trim() };
  }
  return undefined;
}

function lengthOf({ n, unit }: Found): number {
  return (Number.parseInt(n ?? "1", 10) || (n === "0" ? 0 : 1)) * UNITS[unit!.toLowerCase()]!;
}

function once(at: Date): Plan["when"] | undefined {
  return Number.isNaN(at.getTime()) ? undefined : { schedule_type: "once", schedule_value: at.toISOString() };
}

function interval(ms: number): Plan["when"] {
  return { schedule_type: "interval", schedule_value: String(ms) };
}

function cron(found: Found): Plan["when"] | undefined {
  const day = found.day!.toLowerCase();
  const clock = clockOf(found, day === "evening" ? 18 : 9);
  if (!clock) return undefined;
  const value = `${clock.minute} ${clock.hour} * * ${DAYS[day] ?? "*"}`;
  return { schedule_type: "cron", schedule_value: value };
}

/** A time on the chat's clock; without a day the next one. */
function atClock(found: Found, { now, timezone }: Pick<Asked, "now" | "timezone">): Plan["when"] | undefined {
  const clock = clockOf(found, 9);
  if (!clock) return undefined;
  const here = DateTime.fromMillis(now, { zone: timezone });
  const today = here.set({ ...clock, second: 0, millisecond: 0 });
  const at = dayOf(found.day?.toLowerCase(), today, here);
  return at.isValid
    ? { schedule_type: "once", schedule_value: at.toFormat("yyyy-MM-dd'T'HH:mm") }
    : undefined;
}

function dayOf(day: string | undefined, today: DateTime, now: DateTime): DateTime {
  if (day === undefined) return today > now ? today : today.plus({ days: 1 });
  if (day === "today") return today;
  if (day === "tomorrow") return today.plus({ days: 1 });
  const weekday = WEEKDAYS.indexOf(day) + 1;
  if (weekday === 0) return DateTime.fromISO(day).set({ hour: today.hour, minute: today.minute });
  const days = (weekday - today.weekday + 7) % 7;
  return today.plus({ days: days === 0 && today <= now ? 7 : days });
}

/** Undefined for what no clock shows. */
function clockOf(
  { hour, minute = "0", half }: Found,
  otherwise: number,
): { hour: number; minute: number } | undefined {
  if (hour === undefined) return { hour: otherwise, minute: 0 };
  const given = Number(hour);
  if (half && (given < 1 || given > 12)) return undefined;
  const full = half ? (given % 12) + (half.toLowerCase().startsWith("p") ? 12 : 0) : given;
  return full < 24 && Number(minute) < 60 ? { hour: full, minute: Number(minute) } : undefined;
}
