/** Clocks of IANA zones: their offsets, their changes, and the instants of local times. */

import { IANAZone } from "luxon";
import { ScheduleError } from "./error.ts";

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** The moment (epoch ms) at which a zone's clock jumps, and its offset from UTC (ms) until then and from then on. */
export type Change = { at: number; before: number; after: number };

/** No two changes of a zone since 1972 were less than four weeks apart. */
const PROBE = 7 * DAY;
const KEPT = 2_000;
const changesByYear = new Map<string, Change[]>();

/**
 * The zone's name as it is to be stored: links stay as they were given (`Europe/Kyiv`, `US/Eastern`), the case is mended.
 * @throws ScheduleError when there is no such zone; plain offsets are refused, for they know no daylight saving.
 */
export function checkZone(zone: string): string {
  const name = zone.trim();
  if (!/^[a-z]/i.test(name) || !IANAZone.isValidZone(name)) {
    throw new ScheduleError(
      "timezone",
      `"${name.slice(0, 60)}" is not the name of a time zone.`,
      "Europe/Berlin",
    );
  }
  const known = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone;
  return known.toLowerCase() === name.toLowerCase() ? known : name;
}

/** What is to be added to `instant` (epoch ms) for the local time, in ms. */
export function offsetAt(zone: string, instant: number): number {
  const minutes = IANAZone.create(zone).offset(instant);
  if (Number.isNaN(minutes)) checkZone(zone);
  return minutes * MINUTE;
}

/** The changes in (after, until], oldest first. */
export function changes(zone: string, after: number, until: number): Change[] {
  const found: Change[] = [];
  const last = new Date(until).getUTCFullYear();
  for (let year = new Date(after).getUTCFullYear(); year <= last; year++) {
    found.push(...changesOf(zone, year).filter(({ at }) => at > after && at <= until));
  }
  return found;
}

/**
 * The instant of a local time, given as if it were UTC. As Temporal's `compatible`: a time that the clock skips is
 * later by the gap, of one that comes twice it is the first.
 */
export function instantOf(local: number, zone: string): number {
  const before = offsetAt(zone, local - DAY);
  const after = offsetAt(zone, local + DAY);
  const found = [before, after]
    .map((offset) => local - offset)
    .filter((at) => at + offsetAt(zone, at) === local);
  return found.length > 0 ? Math.min(...found) : local - before;
}

function changesOf(zone: string, year: number): Change[] {
  const key = `${zone} ${year}`;
  const known = changesByYear.get(key);
  if (known) return known;
  if (changesByYear.size >= KEPT) changesByYear.clear();
  const found = findChanges(zone, Date.UTC(year, 0), Date.UTC(year + 1, 0));
  changesByYear.set(key, found);
  return found;
}

function findChanges(zone: string, start: number, end: number): Change[] {
  const found: Change[] = [];
  let before = offsetAt(zone, start);
  for (let from = start; from < end; from += PROBE) {
    const to = Math.min(from + PROBE, end);
    const after = offsetAt(zone, to);
    if (after !== before) found.push({ at: findChange(zone, before, from, to), before, after });
    before = after;
  }
  return found;
}

/** The first instant in (from, to] whose offset is another than `before`. */
function findChange(zone: string, before: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetAt(zone, middle) === before) low = middle;
    else high = middle;
  }
  return high;
}
