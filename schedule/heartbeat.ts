/** The rules of the heartbeat: whether there is something to do, when it beats, and what is not said. */

import { DateTime } from "luxon";
import { nextSlot } from "./next.ts";

/** Local times "HH:MM"; from the first until just before the second, over midnight when that is earlier. */
export type Hours = { from: string; to: string };

const COMMENTS = /<!--[\s\S]*?(?:-->|$)/g;
const HEADING = /^ {0,3}(#{1,6})(?=\s|$)(.*)$/;
const NOTHING = /^(?:[-*+]|\d+[.)])?\s*(?:\[\s*\])?$/;
const CHECKED = /^(?:[-*+]|\d+[.)])\s+\[x\]/i;
const OPEN = /^(?:[-*+]|\d+[.)])\s+\[\s*\]/;

/**
 * Whether HEARTBEAT.md asks for anything. Blank lines, headings, comments, checkboxes that are bare or checked (with
 * what is indented below them) and all under a heading "Completed" ask for nothing.
 */
export function hasSomethingToDo(markdown: string): boolean {
  let completed = 0;
  let done: number | undefined;
  for (const line of markdown.replace(COMMENTS, "").split(/\r\n|\r|\n/)) {
    const heading = HEADING.exec(line);
    if (heading) {
      completed = underCompleted(completed, heading[1]!.length, heading[2]!);
      done = undefined;
      continue;
    }
    const text = line.replace(/\p{Cf}/gu, "").trim();
    if (completed > 0 || NOTHING.test(text)) continue;
    if (CHECKED.test(text)) done = indent(line);
    else if (OPEN.test(text) || done === undefined || indent(line) <= done) return true;
  }
  return false;
}

/** The level of the heading "Completed" that the next lines stand under, 0 for none. */
function underCompleted(completed: number, level: number, title: string): number {
  if (/^\P{L}*completed\P{L}*$/iu.test(title)) return completed > 0 ? Math.min(completed, level) : level;
  return completed > 0 && level > completed ? completed : 0;
}

const indent = (line: string) => line.replaceAll("\t", "    ").search(/\S/);

/** With a few of the marks beside it: a long rule of dashes is not searched again from each of them. */
const TOKEN =
  /(?<![\p{L}\p{N}]_?)[^\s\p{L}\p{N}<>]{0,8}heartbeat(?:\\?_|-)?ok(?!_?[\p{L}\p{N}])[^\s\p{L}\p{N}<>]*/giu;
const TAGS = /<\/?[a-z][^<>]*>/gi;

/**
 * An answer without HEARTBEAT_OK, whatever its case, markup and punctuation.
 * `ok`: the token was all of the answer, nothing is to be delivered.
 */
export function withoutToken(text: string): { text: string; ok: boolean } {
  const plain = text.replace(/[\u200B\u2060\uFEFF]/g, "");
  if (plain.search(TOKEN) < 0) return { text, ok: false };
  const rest = plain
    .split("\n")
    .flatMap((line) => lineWithoutToken(line))
    .join("\n")
    .trim();
  const ok = !/[\p{L}\p{N}]/u.test(rest.replace(TAGS, ""));
  return { text: ok ? "" : rest, ok };
}

/** The line without the token and the marks beside it; no line when nothing is left of it. */
function lineWithoutToken(line: string): string[] {
  if (line.search(TOKEN) < 0) return [line];
  const rest = line
    .replace(TOKEN, " ")
    .replace(/\s{2,}/g, " ")
    .trim()
    .replace(/^[-–—:;,.!|]+\s+|\s+[-–—:;,|]+$/g, "");
  return /[\p{L}\p{N}]/u.test(rest.replace(TAGS, "")) ? [rest] : [];
}

/** Whether `now` (epoch ms) is within the hours on the zone's clock. Without hours, or when both are equal: always. */
export function inActiveHours(hours: Hours | undefined, now: number, zone: string): boolean {
  if (!hours) return true;
  const [from, to] = [minuteOf(hours.from), minuteOf(hours.to)];
  if (from === to) return true;
  const { hour, minute } = DateTime.fromMillis(now, { zone });
  const time = hour * 60 + minute;
  return from < to ? time >= from && time < to : time >= from || time < to;
}

/**
 * The next beat after `now`, in epoch ms: `last` and a multiple of `every` (ms, above 0), so that it never drifts.
 * Outside the active hours it waits for the first beat within them; when none falls there, for their beginning.
 */
export function nextBeat(beat: {
  last: number;
  every: number;
  now: number;
  hours?: Hours | undefined;
  zone: string;
}): number {
  const { last, every, hours, zone } = beat;
  const after = (at: number) => last + (Math.floor((at - last) / every) + 1) * every;
  const next = after(beat.now);
  if (!hours || inActiveHours(hours, next, zone)) return next;
  const opening = openingAfter(hours, next, zone);
  const first = after(opening - 1);
  return inActiveHours(hours, first, zone) ? first : opening;
}

function openingAfter(hours: Hours, at: number, zone: string): number {
  const from = minuteOf(hours.from);
  const expression = `${from % 60} ${Math.floor(from / 60) % 24} * * *`;
  return nextSlot({ type: "cron", expression }, at, zone)!;
}

function minuteOf(time: string): number {
  const [, hour, minute] = /^([01]?\d|2[0-4]):([0-5]\d)$/.exec(time.trim()) ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  if (!(minutes <= 24 * 60)) throw new RangeError(`"${time}" is no time of day. Example: 08:30`);
  return minutes;
}
