/** Cron expressions: what they say, and which local times they mean. Local times are ms as if they were UTC. */

import { ScheduleError } from "./error.ts";
import { DAY, MINUTE } from "./zones.ts";

/** A read expression. Values are sorted; Sunday is 0. */
export type Cron = {
  minutes: number[];
  hours: number[];
  days: number[];
  months: number[];
  weekdays: number[];
  /** Day of the month and day of the week are both restricted: either will do (POSIX). */
  eitherDay: boolean;
  /** The hours are a wildcard: `*`, a step of it, or all 24. Such a time fires in both of two equal hours. */
  everyHour: boolean;
};

const EXAMPLE = '"0 9 * * 1-5" (weekdays at 09:00)';
const NAMES = /\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)\b/gi;
const LONGEST = 500;
const ITEM = /^(?:(\*)|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/;
const MONTHS = ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const FIELDS: { name: string; span: number; least: number; most: number; names?: string[] }[] = [
  { name: "minute", span: 60, least: 0, most: 59 },
  { name: "hour", span: 24, least: 0, most: 23 },
  { name: "day of the month", span: 31, least: 1, most: 31 },
  { name: "month", span: 12, least: 1, most: 12, names: MONTHS },
  { name: "day of the week", span: 7, least: 0, most: 7, names: WEEKDAYS },
];
/** 29 February may be eight years away (2096 to 2104). */
const FURTHEST = 9 * 366;
/** More than the tasks of one group, so that a busy isolate does not read them again and again. */
const KEPT = 2_000;
const read = new Map<string, Cron>();

/**
 * Reads five fields: minute, hour, day of the month, month, day of the week.
 * @throws ScheduleError with the reason when it has another form or never comes.
 */
export function readCron(expression: string): Cron {
  const known = read.get(expression);
  if (known) return known;
  if (read.size >= KEPT) read.clear();
  const cron = parse(expression);
  read.set(expression, cron);
  return cron;
}

function parse(expression: string): Cron {
  refuseOtherDialects(expression);
  const fields = expression.trim().split(/\s+/);
  const [minutes, hours, days, months, weekdays] = FIELDS.map((_, index) => values(fields, index));
  const cron: Cron = {
    minutes: minutes!,
    hours: hours!,
    days: days!,
    months: months!,
    weekdays: [...new Set(weekdays!.map((day) => day % 7))].sort((a, b) => a - b),
    eitherDay: !items(fields[2]!).includes("*") && !items(fields[4]!).includes("*"),
    everyHour: hours!.length === 24 || items(fields[1]!).some((item) => item.startsWith("*")),
  };
  if (nextMatch(cron, 0) !== undefined) return cron;
  throw wrong(`"${expression.slice(0, 80)}" never comes: no such month has that day.`);
}

function refuseOtherDialects(expression: string): void {
  const count = expression.trim().split(/\s+/).length;
  const letters = expression.replace(NAMES, "");
  if (expression.length > LONGEST) throw wrong(`an expression has at most ${LONGEST} characters.`);
  if (expression.trim().startsWith("@")) throw wrong("names with @ are not read, write five fields.");
  if (/[lw#?h]/i.test(letters) && !/[a-z]{3}/i.test(letters)) {
    throw wrong("L, W, #, ? and H are not read. Use * for any day, and days as numbers or as MON, TUE.");
  }
  if (count === 6) throw wrong("it has 6 fields, but seconds are not read: leave out the first field.");
  if (count !== 5) throw wrong(`it needs 5 fields (minute hour day month weekday), not ${count}.`);
}

const items = (field: string) => field.split(",");

function values(fields: string[], index: number): number[] {
  const { name, span } = FIELDS[index]!;
  const found = items(fields[index]!).flatMap((item) => {
    const meant = item === "" || stepOf(item) > span ? undefined : valuesOf(item, index);
    if (!meant) throw wrong(`"${item.slice(0, 40)}" is no ${name}${hint(item, index, span)}.`);
    return meant;
  });
  return [...new Set(found)].sort((a, b) => a - b);
}

/** `*`, `n`, `a-b`, each with a step or without; a step behind one number goes to the field's end. */
function valuesOf(item: string, index: number): number[] | undefined {
  const { least, most } = FIELDS[index]!;
  const [, all, first, last, step = "1"] = ITEM.exec(numbered(item, index)) ?? [];
  if (!all && first === undefined) return;
  const from = all ? least : Number(first);
  const to = all || (last === undefined && item.includes("/")) ? most : Number(last ?? first);
  if (from < least || to > most || from > to || Number(step) < 1) return;
  const count = Math.floor((to - from) / Number(step)) + 1;
  return Array.from({ length: count }, (_, nth) => from + nth * Number(step));
}

/** Names of months and days as numbers. */
function numbered(item: string, index: number): string {
  const { names } = FIELDS[index]!;
  return names ? item.replace(NAMES, (name) => String(names.indexOf(name.toLowerCase()))) : item;
}

const stepOf = (item: string) => Number(item.split("/")[1] ?? 1);

function hint(item: string, index: number, span: number): string {
  const [from, to] = item.split("/")[0]!.split("-").map(Number);
  if (stepOf(item) > span) return ", its step is too long: use an interval for that";
  if (to !== undefined && from! > to) return `: a range goes upwards, write two parts with a comma`;
  return [" (0-59)", " (0-23)", " (1-31)", " (1-12 or JAN-DEC)", " (0-7 or SUN-SAT)"][index]!;
}

const wrong = (reason: string) => new ScheduleError("schedule_value", reason, EXAMPLE);

/** The first local time that is meant, strictly after `local`; undefined when none comes. */
export function nextMatch(cron: Cron, local: number): number | undefined {
  const first = Math.floor(local / MINUTE) + 1;
  const firstDay = Math.floor((first * MINUTE) / DAY);
  for (let day = firstDay; day <= firstDay + FURTHEST; day++) {
    if (!isDay(cron, day)) continue;
    const time = timeFrom(cron, day === firstDay ? first - day * 1440 : 0);
    if (time !== undefined) return day * DAY + time * MINUTE;
  }
}

/** How many local times are meant in (after, until]. */
export function countMatches(cron: Cron, after: number, until: number): number {
  if (until <= after) return 0;
  const firstDay = Math.floor(after / DAY);
  const lastDay = Math.floor(until / DAY);
  let count = 0;
  for (let day = firstDay; day <= lastDay; day++) {
    if (!isDay(cron, day)) continue;
    count += day === lastDay ? timesUntil(cron, until - day * DAY) : cron.hours.length * cron.minutes.length;
    if (day === firstDay) count -= timesUntil(cron, after - day * DAY);
  }
  return count;
}

function isDay(cron: Cron, day: number): boolean {
  const date = new Date(day * DAY);
  if (!cron.months.includes(date.getUTCMonth() + 1)) return false;
  const byDate = cron.days.includes(date.getUTCDate());
  const byWeekday = cron.weekdays.includes(date.getUTCDay());
  return cron.eitherDay ? byDate || byWeekday : byDate && byWeekday;
}

/** The first minute of the day at or after `from`. */
function timeFrom({ hours, minutes }: Cron, from: number): number | undefined {
  const hour = Math.floor(from / 60);
  const minute = hours.includes(hour) ? minutes.find((each) => each >= from % 60) : undefined;
  if (minute !== undefined) return hour * 60 + minute;
  const later = hours.find((each) => each > hour);
  return later === undefined ? undefined : later * 60 + minutes[0]!;
}

/** How many times of a day are not after `ms` since its start. */
function timesUntil({ hours, minutes }: Cron, ms: number): number {
  const time = Math.floor(ms / MINUTE);
  const whole = hours.filter((hour) => hour < Math.floor(time / 60)).length * minutes.length;
  const inHour = hours.includes(Math.floor(time / 60));
  return whole + (inHour ? minutes.filter((minute) => minute <= time % 60).length : 0);
}
