import { DateTime } from "luxon";
import { type Cron, readCron } from "./cron.ts";
import { sayDuration } from "./duration.ts";
import type { Schedule } from "./schedule.ts";

const WEEKDAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const MOST_TIMES = 6;

/** The schedule in words, like "every Monday at 09:00, New York time". `zone` is the group's. */
export function describe(schedule: Schedule, zone: string): string {
  switch (schedule.type) {
    case "once":
      return `once on ${sayMoment(schedule.at, zone)}, ${sayZone(zone)}`;
    case "interval":
      return `every ${sayDuration(schedule.every)}`;
    case "cron":
      return sayCron(readCron(schedule.expression), sayZone(schedule.zone ?? zone));
  }
}

function sayMoment(at: number, zone: string): string {
  const time = DateTime.fromMillis(at, { zone, locale: "en" });
  return time.toFormat(time.second === 0 ? "yyyy-MM-dd 'at' HH:mm" : "yyyy-MM-dd 'at' HH:mm:ss");
}

/** "New York time" for America/New_York. */
function sayZone(zone: string): string {
  const place = zone.startsWith("Etc/") ? zone.slice(4) : zone.split("/").at(-1)!;
  return place === "UTC" ? "UTC" : `${place.replaceAll("_", " ")} time`;
}

function sayCron(cron: Cron, place: string): string {
  const days = sayDays(cron);
  if (cron.hours.length * cron.minutes.length <= MOST_TIMES) {
    return `${days || "every day"} ${sayTimes(cron)}, ${place}`;
  }
  if (!days && cron.hours.length === 24) return sayRhythm(cron);
  return `${[sayRhythm(cron), days].filter(Boolean).join(", ")}, ${place}`;
}

function sayTimes({ hours, minutes }: Cron): string {
  const times = hours.flatMap((hour) => minutes.map((minute) => `${two(hour)}:${two(minute)}`));
  return `at ${list(times)}`;
}

/** Times that are too many to name one by one. */
function sayRhythm({ hours, minutes }: Cron): string {
  const step = stepOf(minutes, 60);
  const often = step && `every ${step === 1 ? "minute" : `${step} minutes`}`;
  const past = minutes.join() === "0" ? "" : ` at minute ${spans(minutes)}`;
  if (hours.length === 24) return often || `every hour${past}`;
  const hourly = stepOf(hours, 24);
  if (hourly && !often) return `every ${hourly} hours${past}`;
  return `${often || `at minute ${spans(minutes)}`} in the hours ${spans(hours)}`;
}

/** The step of values that are spread evenly from 0 over the whole span. */
function stepOf(values: number[], span: number): number | undefined {
  const step = span / values.length;
  return values.length > 1 && values.every((value, index) => value === index * step) ? step : undefined;
}

function sayDays(cron: Cron): string {
  const byDate = cron.days.length === 31 ? "" : `on day ${spans(cron.days)} of the month`;
  const byWeekday = cron.weekdays.length === 7 ? "" : sayWeekdays(cron.weekdays);
  const days = cron.eitherDay
    ? `${byDate || "every day"} or ${byWeekday || "any weekday"}`
    : byDate || byWeekday;
  const months =
    cron.months.length === 12 ? "" : `in ${list(cron.months.map((month) => MONTHS[month - 1]!))}`;
  return [days || (months && "every day"), months].filter(Boolean).join(" ");
}

function sayWeekdays(weekdays: number[]): string {
  if (weekdays.join() === "1,2,3,4,5") return "every weekday";
  const fromMonday = [...weekdays].sort((a, b) => ((a + 6) % 7) - ((b + 6) % 7));
  return `every ${list(fromMonday.map((day) => WEEKDAYS[day]!))}`;
}

/** "1, 5 to 9 and 12". */
function spans(values: number[]): string {
  const runs: number[][] = [];
  for (const value of values) {
    const run = runs.at(-1);
    if (run && value === run.at(-1)! + 1) run.push(value);
    else runs.push([value]);
  }
  return list(runs.flatMap((run) => (run.length > 2 ? `${run[0]} to ${run.at(-1)}` : run.map(String))));
}

function list(parts: string[]): string {
  return parts.length < 2 ? (parts[0] ?? "") : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`;
}

const two = (number: number) => String(number).padStart(2, "0");
