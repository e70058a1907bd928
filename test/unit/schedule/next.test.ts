import { Cron } from "croner";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { missedSlots, nextSlot } from "../../../schedule/next.ts";
import type { Schedule } from "../../../schedule/schedule.ts";
import {
  anyExpression,
  changeDays,
  DAY,
  type Expression,
  HOUR,
  localOf,
  minutesOf,
  nearHours,
  offsetOf,
  slotsOf,
  TEN_ZONES,
  textOf,
} from "./oracle.ts";

const MINUTE = 60_000;
const cron = (expression: string): Schedule => ({ type: "cron", expression });

const anyZone = fc.constantFrom(
  ...TEN_ZONES,
  "UTC",
  "Asia/Kolkata",
  "Asia/Kathmandu",
  "Pacific/Kiritimati",
  "Europe/Kyiv",
);
const anyMoment = fc.integer({ min: Date.UTC(2000, 0, 3), max: Date.UTC(2039, 11, 20) });

/** All slots in (after, until], one by one. */
function walk(schedule: Schedule, after: number, until: number, zone: string): number[] {
  const slots: number[] = [];
  for (
    let at = nextSlot(schedule, after, zone);
    at !== undefined && at <= until;
    at = nextSlot(schedule, at, zone)
  ) {
    slots.push(at);
  }
  return slots;
}

/** What the rule gives in [day - 1, day + 2), and what `nextSlot` finds there. */
function compare(expression: Expression, zone: string, day: number, step?: number): void {
  const window = minutesOf(zone, day - 2 * DAY, day + 3 * DAY, step);
  const inside = (at: number) => at >= day - DAY && at < day + 2 * DAY;
  const found = walk(cron(textOf(expression)), day - DAY - 1, day + 2 * DAY - 1, zone);
  expect(found, `${textOf(expression)} in ${zone}`).toEqual(slotsOf(window, expression).filter(inside));
}

/** The hours that the clock shows around its change in a day. */
function hoursAround(zone: string, day: number): number[] {
  let at = day;
  while (offsetOf(at, zone) === offsetOf(at + 15 * MINUTE, zone)) at += 15 * MINUTE;
  const shown = [at, at + 15 * MINUTE].flatMap((each) => [localOf(each, zone) - HOUR, localOf(each, zone)]);
  return [...new Set(shown.map((local) => new Date(local).getUTCHours()))].sort((a, b) => a - b);
}

describe("around every change of the clock from 2000 to 2040", () => {
  for (const zone of TEN_ZONES) {
    test(`${zone} fires as the minutes of Intl's clock and the published rule say`, () => {
      const days = changeDays(zone, 2000, 2040);
      expect(days.length).toBeGreaterThan(5);
      for (const day of days) {
        fc.assert(
          fc.property(nearHours(hoursAround(zone, day)), (expression) => compare(expression, zone, day)),
          { numRuns: 3, endOnFailure: true },
        );
      }
    });
  }

  test("a change one minute past midnight that repeats the evening before is kept apart by its minutes", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...changeDays("America/St_Johns", 2006, 2011)),
        nearHours([0, 1, 22, 23]),
        (day, expression) => compare(expression, "America/St_Johns", day, 1),
      ),
      { numRuns: 25 },
    );
  });
});

test("any expression in any zone at any time fires at the minutes that match", () => {
  fc.assert(
    fc.property(anyExpression, anyZone, anyMoment, (expression, zone, moment) => {
      compare(expression, zone, Math.floor(moment / DAY) * DAY);
    }),
    { numRuns: 150 },
  );
});

test("where the clock runs evenly, croner finds the same five next slots", () => {
  fc.assert(
    fc.property(anyExpression, anyZone, anyMoment, (expression, zone, moment) => {
      const text = textOf(expression);
      const theirs = new Cron(text, { timezone: zone, mode: "5-part" })
        .nextRuns(5, new Date(moment))
        .map(Number);
      for (let index = 0, after = moment; index < theirs.length; after = theirs[index++]!) {
        const even = [after - DAY, after + DAY, theirs[index]! - DAY, theirs[index]! + DAY];
        if (new Set(even.map((at) => offsetOf(at, zone))).size > 1) continue;
        expect(nextSlot(cron(text), after, zone), `${text} in ${zone} after ${after}`).toBe(theirs[index]);
      }
    }),
    { numRuns: 300 },
  );
});

test("the next slot is after the moment asked for, the same from anywhere before it, and a whole minute", () => {
  fc.assert(
    fc.property(
      anyExpression,
      anyZone,
      anyMoment,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (expression, zone, moment, part) => {
        const slot = nextSlot(cron(textOf(expression)), moment, zone)!;
        expect(slot).toBeGreaterThan(moment);
        expect(slot % MINUTE).toBe(0);
        const between = moment + Math.floor((slot - 1 - moment) * part);
        expect(nextSlot(cron(textOf(expression)), between, zone)).toBe(slot);
      },
    ),
    { numRuns: 300 },
  );
});

test("a leap day is found eight years ahead, over a century that has none", () => {
  const after = Date.UTC(2096, 2, 1);
  expect(nextSlot(cron("0 0 29 2 *"), after, "UTC")).toBe(Date.UTC(2104, 1, 29));
});

test("a task with a zone of its own does not follow the group's", () => {
  const after = Date.UTC(2026, 5, 1);
  const own: Schedule = { type: "cron", expression: "0 9 * * *", zone: "Asia/Tokyo" };
  expect(nextSlot(own, after, "America/New_York")).toBe(nextSlot(cron("0 9 * * *"), after, "Asia/Tokyo"));
  expect(nextSlot(own, after, "UTC")).toBe(nextSlot(own, after, "Europe/Berlin"));
});

test("a link of a zone is the zone that it points to", () => {
  const at = (zone: string) => nextSlot(cron("30 2 * 3 *"), Date.UTC(2026, 2, 7), zone);
  expect(at("US/Eastern")).toBe(at("America/New_York"));
  expect(nextSlot(cron("0 9 * * *"), 0, "Asia/Calcutta")).toBe(
    nextSlot(cron("0 9 * * *"), 0, "Asia/Kolkata"),
  );
});

test("an interval never drifts: each slot is the anchor and a multiple, whenever it is asked for", () => {
  const anyInterval = fc.record({ every: fc.integer({ min: MINUTE, max: 400 * DAY }), anchor: anyMoment });
  fc.assert(
    fc.property(anyInterval, anyMoment, ({ every, anchor }, after) => {
      const slot = nextSlot({ type: "interval", every, anchor }, after, "UTC")!;
      expect((slot - anchor) % every).toBe(0);
      expect(slot).toBeGreaterThan(after);
      expect(slot === anchor || slot - every <= after).toBe(true);
    }),
  );
});

test("a single time comes once", () => {
  expect(nextSlot({ type: "once", at: 1000 }, 999, "UTC")).toBe(1000);
  expect(nextSlot({ type: "once", at: 1000 }, 1000, "UTC")).toBeUndefined();
});

describe("missed slots", () => {
  const anySchedule: fc.Arbitrary<Schedule> = fc.oneof(
    anyExpression.map((expression) => cron(textOf(expression))),
    fc.record({
      type: fc.constant("interval" as const),
      every: fc.integer({ min: 10 * MINUTE, max: 2 * DAY }),
      anchor: fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2026, 3) }),
    }),
    fc.record({
      type: fc.constant("once" as const),
      at: fc.integer({ min: Date.UTC(2026, 2), max: Date.UTC(2026, 3) }),
    }),
  );

  test("are the newest of all that a walk meets, and their number is that of the walk", () => {
    const after = fc.integer({ min: Date.UTC(2026, 2, 26), max: Date.UTC(2026, 2, 30) });
    fc.assert(
      fc.property(
        anySchedule,
        after,
        fc.nat(4 * DAY),
        fc.nat(12),
        anyZone,
        (schedule, from, span, limit, zone) => {
          const all = walk(schedule, from, from + span, zone);
          const missed = missedSlots(schedule, { after: from, until: from + span }, zone, limit);
          expect(missed.count).toBe(all.length);
          expect(missed.slots).toEqual(limit === 0 ? [] : all.slice(-limit));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("are counted rightly over every change of the clock", () => {
    for (const zone of TEN_ZONES) {
      const days = changeDays(zone, 2000, 2040);
      fc.assert(
        fc.property(
          fc.constantFrom(...days),
          nearHours([0, 1, 2, 3, 23]),
          fc.nat(DAY),
          (day, expression, shift) => {
            const range = { after: day - DAY + shift, until: day + DAY + shift };
            const all = walk(cron(textOf(expression)), range.after, range.until, zone);
            expect(missedSlots(cron(textOf(expression)), range, zone, 3)).toEqual({
              slots: all.slice(-3),
              count: all.length,
            });
          },
        ),
        { numRuns: 20 },
      );
    }
  });

  test("of an every-minute task over forty years are counted, not listed", () => {
    const range = { after: Date.UTC(2000, 0) - 1, until: Date.UTC(2040, 0) - 1 };
    const { slots, count } = missedSlots(cron("* * * * *"), range, "Europe/Berlin", 10);
    expect(count).toBe((Date.UTC(2040, 0) - Date.UTC(2000, 0)) / MINUTE);
    expect(slots).toEqual(
      Array.from({ length: 10 }, (_, index) => Date.UTC(2040, 0) - (10 - index) * MINUTE),
    );
  });

  test("there are none when the clock stepped back", () => {
    const range = { after: 5000, until: 1000 };
    expect(missedSlots({ type: "once", at: 3000 }, range, "UTC", 10)).toEqual({ slots: [], count: 0 });
    expect(missedSlots(cron("* * * * *"), { after: DAY, until: 0 }, "UTC", 10)).toEqual({
      slots: [],
      count: 0,
    });
  });
});
