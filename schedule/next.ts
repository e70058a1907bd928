import { type Cron, countMatches, nextMatch, readCron } from "./cron.ts";
import type { Schedule } from "./schedule.ts";
import { type Change, changes, DAY, offsetAt } from "./zones.ts";

/** Slots that have passed: the newest of them, oldest first, and how many there were in all. */
export type Missed = { slots: number[]; count: number };

/**
 * The first slot strictly after `after` (epoch ms); undefined when there is none any more.
 * `zone` is the group's; a cron task with a zone of its own ignores it.
 * @throws ScheduleError when the stored expression or zone cannot be read.
 */
export function nextSlot(schedule: Schedule, after: number, zone: string): number | undefined {
  switch (schedule.type) {
    case "once":
      return schedule.at > after ? schedule.at : undefined;
    case "interval": {
      const passed = Math.floor((after - schedule.anchor) / schedule.every) + 1;
      return schedule.anchor + Math.max(0, passed) * schedule.every;
    }
    case "cron":
      return nextCron(readCron(schedule.expression), after, schedule.zone ?? zone);
  }
}

/** The slots in (after, until]: the newest `limit`, oldest first, and the number of all. Bounded also for years. */
export function missedSlots(
  schedule: Schedule,
  { after, until }: { after: number; until: number },
  zone: string,
  limit: number,
): Missed {
  const countFrom = (from: number) => countSlots(schedule, from, until, zone);
  const count = countFrom(after);
  const slots: number[] = [];
  let from = count > limit ? startOfNewest(limit, after, until, countFrom) : after;
  while (slots.length < Math.min(limit, count)) {
    from = nextSlot(schedule, from, zone)!;
    slots.push(from);
  }
  return { slots, count };
}

/** The latest start from which there are still `limit` slots, by halving: slots of a cron come in bursts. */
function startOfNewest(limit: number, after: number, until: number, countFrom: (from: number) => number) {
  let low = after;
  let high = until;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (countFrom(middle) >= limit) low = middle;
    else high = middle;
  }
  return low;
}

function countSlots(schedule: Schedule, after: number, until: number, zone: string): number {
  if (until <= after) return 0;
  switch (schedule.type) {
    case "once":
      return schedule.at > after && schedule.at <= until ? 1 : 0;
    case "interval": {
      const passed = (at: number) => Math.max(0, Math.floor((at - schedule.anchor) / schedule.every) + 1);
      return passed(until) - passed(after);
    }
    case "cron":
      return countCron(readCron(schedule.expression), after, until, schedule.zone ?? zone);
  }
}

/** From one change of the clock to the next: in between, local times are instants at a fixed distance. */
function nextCron(cron: Cron, after: number, zone: string): number | undefined {
  let from = after;
  for (;;) {
    const recent = changes(zone, from - 2 * DAY, from + 1).at(-1);
    const slot = nextUntilChange(cron, from, recent?.after ?? offsetAt(zone, from + 1), recent);
    if (slot === undefined) return;
    const change = changes(zone, from + 1, slot)[0];
    if (!change) return slot;
    from = change.at - 1;
  }
}

/** The next slot as if the clock never changed again after `recent`. */
function nextUntilChange(cron: Cron, after: number, offset: number, recent?: Change): number | undefined {
  const jump = recent ? recent.after - recent.before : 0;
  // A time that comes twice fires at the first, unless every hour is meant.
  const start = jump < 0 && !cron.everyHour ? Math.max(after, recent!.at - jump - 1) : after;
  const slot = nextAt(cron, start, offset);
  if (jump <= 0) return slot;
  // A time that was skipped fires later by the gap: where the old clock would have shown it.
  const moved = nextAt(cron, after, recent!.before);
  return moved !== undefined && moved < recent!.at + jump ? Math.min(moved, slot ?? moved) : slot;
}

function nextAt(cron: Cron, after: number, offset: number): number | undefined {
  const local = nextMatch(cron, after + offset);
  return local === undefined ? undefined : local - offset;
}

/** Counts by the day where the clock runs evenly, and slot by slot in the hours around a change. */
function countCron(cron: Cron, after: number, until: number, zone: string): number {
  let count = 0;
  let from = after;
  const evenly = (to: number) => {
    const offset = offsetAt(zone, from + 1);
    return countMatches(cron, from + offset, to + offset);
  };
  for (const change of changes(zone, after - 2 * DAY, until)) {
    if (from < change.at - 1) {
      count += evenly(change.at - 1);
      from = change.at - 1;
    }
    const rough = Math.min(until, change.at + Math.abs(change.after - change.before) - 1);
    for (let at = nextCron(cron, from, zone); at !== undefined && at <= rough; at = nextCron(cron, at, zone))
      count++;
    from = Math.max(from, rough);
  }
  return count + evenly(until);
}
