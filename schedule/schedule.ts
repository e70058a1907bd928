import { DateTime } from "luxon";
import { readCron } from "./cron.ts";
import { readDuration } from "./duration.ts";
import { ScheduleError } from "./error.ts";
import { checkZone, instantOf, MINUTE } from "./zones.ts";

export { describe } from "./describe.ts";
export { ScheduleError } from "./error.ts";
export { checkZone } from "./zones.ts";

/** When a task is due. `once`: `at` is epoch ms. `interval`: slots are `anchor + k * every` (ms), k >= 0. */
export type Schedule =
  | { type: "once"; at: number }
  | { type: "interval"; every: number; anchor: number }
  /** Five fields; without a zone it follows the group's. */
  | { type: "cron"; expression: string; zone?: string };

/** A schedule as people and models write it: `schedule_type`, `schedule_value` and `timezone`. */
export type ScheduleInput = { type: string; value: string; zone?: string };

const SHORTEST = MINUTE;
const LONGEST = 3_660 * 24 * 60 * MINUTE;
const LOCAL_EXAMPLE = '"2027-01-31T09:00", or "20m" for in 20 minutes';
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?))?\s?(Z|[+-]\d\d(?::?\d\d)?)?$/i;

/**
 * Reads a schedule. `context.now` is epoch ms; `context.zone` is the group's, for local times.
 * @throws ScheduleError whose message names the field and gives an example that works.
 */
export function parseSchedule(input: ScheduleInput, context: { now: number; zone: string }): Schedule {
  const zone = input.zone?.trim() ? checkZone(input.zone) : undefined;
  const value = input.value.trim();
  switch (input.type.trim().toLowerCase()) {
    case "once":
    case "at":
      return { type: "once", at: readOnce(value, zone ?? context.zone, context.now) };
    case "interval":
    case "every":
      return interval(/^\d+$/.test(value) ? Number(value) : readDuration(value), context.now);
    case "every_seconds":
      return interval(/^\d+$/.test(value) ? Number(value) * 1000 : readDuration(value), context.now);
    case "cron":
    case "cron_expr":
      return readCronSchedule(value, zone);
    default:
      throw new ScheduleError(
        "schedule_type",
        `"${input.type.slice(0, 60)}" is no kind of schedule.`,
        "once, interval or cron",
      );
  }
}

function readCronSchedule(value: string, zone: string | undefined): Schedule {
  const expression = value.split(/\s+/).join(" ");
  readCron(expression);
  return zone ? { type: "cron", expression, zone } : { type: "cron", expression };
}

function interval(every: number | undefined, now: number): Schedule {
  const example = '"20m", "2h", "1d", or milliseconds like "1200000"';
  if (every === undefined) throw new ScheduleError("schedule_value", "this is no length of time.", example);
  if (every < SHORTEST)
    throw new ScheduleError("schedule_value", "an interval is at least 60 seconds.", example);
  if (every > LONGEST) throw new ScheduleError("schedule_value", "an interval is at most 10 years.", example);
  return { type: "interval", every, anchor: now + every };
}

function readOnce(value: string, zone: string, now: number): number {
  const wait = readDuration(value);
  const at = wait === undefined ? readTime(value, zone) : now + wait;
  if (at > now && at < now + 10 * LONGEST) return at;
  const here = DateTime.fromMillis(now, { zone }).toFormat("yyyy-MM-dd'T'HH:mm");
  const reason = at > now ? "that is more than 100 years away." : `that is in the past, it is ${here} now.`;
  throw new ScheduleError("schedule_value", reason, LOCAL_EXAMPLE);
}

/** An ISO time; without an offset it is what the zone's clock shows. */
function readTime(value: string, zone: string): number {
  const [, date, time = "00:00", offset] = ISO.exec(value) ?? [];
  if (!date) throw new ScheduleError("schedule_value", "this is no ISO time.", LOCAL_EXAMPLE);
  const read = DateTime.fromISO(`${date}T${time}${offset ?? "Z"}`, { zone: "UTC" });
  if (!read.isValid)
    throw new ScheduleError("schedule_value", "there is no such date or time.", LOCAL_EXAMPLE);
  return offset ? read.toMillis() : instantOf(read.toMillis(), zone);
}
