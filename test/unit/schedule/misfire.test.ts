import fc from "fast-check";
import { expect, test } from "vitest";
import { LATEST, type Misfire, MOST_RUNS, ON_TIME, settle } from "../../../schedule/misfire.ts";
import { missedSlots } from "../../../schedule/next.ts";
import type { Schedule } from "../../../schedule/schedule.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const now = Date.parse("2026-11-21T09:00:00Z");

/** What becomes of all slots in (after, now]. */
function outage(schedule: Schedule, misfire: Misfire, after: number, at = now) {
  const missed = missedSlots(schedule, { after, until: at }, "UTC", MOST_RUNS);
  return settle(missed, { after, now: at }, { misfire, type: schedule.type });
}

const hourly: Schedule = { type: "cron", expression: "0 * * * *" };
const fates = (settlement: ReturnType<typeof settle>) => settlement.fates.map(({ fate }) => fate);

test("a slot whose alarm is only a little late runs, under every policy", () => {
  for (const misfire of ["once", "skip", "all"] as const) {
    for (const lateBy of [0, 1, ON_TIME]) {
      const settlement = outage(hourly, misfire, now - HOUR, now + lateBy);
      expect(settlement).toEqual({ fates: [{ slot: now, fate: "run", lateBy }], missed: false });
    }
  }
});

test("once: one late run stands for all that was missed", () => {
  const settlement = outage(hourly, "once", now - 4 * HOUR, now + HOUR / 2);
  expect(fates(settlement)).toEqual(["skipped", "skipped", "skipped", "late"]);
  expect(settlement.fates.slice(0, 3)).toEqual(
    settlement.fates.slice(0, 3).map((each) => ({ ...each, reason: "covered" })),
  );
  expect(settlement.fates[3]).toEqual({ slot: now, fate: "late", lateBy: HOUR / 2 });
});

test("once: nothing runs that is more than a day late, and a day late still does", () => {
  const weekly: Schedule = { type: "cron", expression: "0 9 * * 6" };
  expect(fates(outage(weekly, "once", now - 1, now + LATEST))).toEqual(["late"]);
  const late = outage(weekly, "once", now - 1, now + LATEST + 1);
  expect(late.fates).toEqual([{ slot: now, fate: "skipped", lateBy: LATEST + 1, reason: "too-old" }]);
  expect(late.missed).toBe(false);
});

test("skip: what was missed is left out, what is due now runs", () => {
  expect(fates(outage(hourly, "skip", now - 3 * HOUR, now + 5))).toEqual(["skipped", "skipped", "run"]);
  expect(fates(outage(hourly, "skip", now - 3 * HOUR, now + HOUR / 2))).toEqual([
    "skipped",
    "skipped",
    "skipped",
  ]);
});

test("all: the newest ten run, oldest first, and the number of the others is told", () => {
  const settlement = outage(hourly, "all", now - 30 * HOUR, now + HOUR / 2);
  expect(fates(settlement)).toEqual(Array.from({ length: MOST_RUNS }, () => "late"));
  expect(settlement.fates.map(({ slot }) => slot)).toEqual(
    Array.from({ length: 10 }, (_, i) => now - (9 - i) * HOUR),
  );
  expect(settlement.rest).toEqual({
    after: now - 30 * HOUR,
    before: now - 9 * HOUR,
    count: 20,
    reason: "policy",
  });
});

test("a single time that is not run any more is told as missed, and one that runs is not", () => {
  const once: Schedule = { type: "once", at: now };
  expect(outage(once, "once", now - 1, now + LATEST)).toMatchObject({
    missed: false,
    fates: [{ fate: "late" }],
  });
  expect(outage(once, "once", now - 1, now + LATEST + 1)).toMatchObject({
    missed: true,
    fates: [{ fate: "skipped" }],
  });
  expect(outage(once, "skip", now - 1, now + HOUR)).toMatchObject({ missed: true });
  expect(outage(once, "all", now - 1, now + 400 * DAY)).toMatchObject({
    missed: false,
    fates: [{ fate: "late" }],
  });
});

test("nothing missed needs nothing", () => {
  expect(outage(hourly, "once", now, now + 1)).toEqual({ fates: [], missed: false });
});

test("every slot has exactly one fate, over any outages and restarts", () => {
  const anySchedule: fc.Arbitrary<Schedule> = fc.oneof(
    fc
      .constantFrom("* * * * *", "*/7 * * * *", "0 9 * * 1-5", "30 2 * * *", "0 0 1 * *")
      .map((expression): Schedule => ({ type: "cron", expression })),
    fc
      .integer({ min: 60_000, max: 3 * DAY })
      .map((every): Schedule => ({ type: "interval", every, anchor: now + every })),
    fc.nat(30 * DAY).map((wait): Schedule => ({ type: "once", at: now + wait })),
  );
  const anyPolicy = fc.constantFrom<Misfire>("once", "skip", "all");
  const gaps = fc.array(fc.oneof(fc.nat(90_000), fc.nat(3 * DAY)), { maxLength: 30 });
  fc.assert(
    fc.property(anySchedule, anyPolicy, gaps, (schedule, misfire, wakes) => {
      let at = now;
      const seen = new Set<number>();
      let total = 0;
      for (const gap of wakes) {
        const settlement = outage(schedule, misfire, at, at + gap);
        at += gap;
        for (const { slot, fate, lateBy } of settlement.fates) {
          expect(seen.has(slot)).toBe(false);
          seen.add(slot);
          expect(lateBy).toBe(at - slot);
          expect(fate === "run").toBe(fate !== "skipped" && lateBy <= ON_TIME);
        }
        const runs = settlement.fates.filter(({ fate }) => fate !== "skipped");
        expect(runs.length).toBeLessThanOrEqual(misfire === "all" ? MOST_RUNS : misfire === "skip" ? 2 : 1);
        total += settlement.fates.length + (settlement.rest?.count ?? 0);
      }
      expect(total).toBe(missedSlots(schedule, { after: now, until: at }, "UTC", 0).count);
    }),
    { numRuns: 200 },
  );
});

test("ten years of an every-minute task are settled as ten slots and a number", () => {
  const everyMinute: Schedule = { type: "cron", expression: "* * * * *" };
  const after = now - 3652 * DAY;
  const settlement = outage(everyMinute, "once", after);
  expect(settlement.fates.length).toBe(MOST_RUNS);
  expect(settlement.rest?.count).toBe((now - after) / 60_000 - MOST_RUNS);
  expect(settlement.rest?.reason).toBe("covered");
});
