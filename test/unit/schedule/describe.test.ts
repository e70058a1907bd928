import fc from "fast-check";
import { expect, test } from "vitest";
import { describe as inWords, parseSchedule } from "../../../schedule/schedule.ts";
import { localOf, TEN_ZONES } from "./oracle.ts";

const now = Date.parse("2026-11-21T09:00:00Z");
const zone = "America/New_York";
const parse = (type: string, value: string, own = "") =>
  parseSchedule({ type, value, zone: own }, { now, zone });

test.each([
  ["cron", "0 9 * * 1", "every Monday at 09:00, New York time"],
  ["cron", "30 17 * * 5,1", "every Monday and Friday at 17:30, New York time"],
  ["cron", "0 9 * * 0,6", "every Saturday and Sunday at 09:00, New York time"],
  ["cron", "0 9 * * 1-5", "every weekday at 09:00, New York time"],
  ["cron", "0 8,20 * * *", "every day at 08:00 and 20:00, New York time"],
  ["cron", "*/20 * * * *", "every 20 minutes"],
  ["cron", "* * * * *", "every minute"],
  ["cron", "0 * * * *", "every hour"],
  ["cron", "5 * * * *", "every hour at minute 5"],
  ["cron", "0 */2 * * *", "every 2 hours, New York time"],
  ["cron", "*/30 9-17 * * 1-5", "every 30 minutes in the hours 9 to 17, every weekday, New York time"],
  ["cron", "0 9 1 * *", "on day 1 of the month at 09:00, New York time"],
  ["cron", "0 9 13 * 5", "on day 13 of the month or every Friday at 09:00, New York time"],
  ["cron", "0 0 1 1,7 *", "on day 1 of the month in January and July at 00:00, New York time"],
  ["cron", "0 7 * 12 *", "every day in December at 07:00, New York time"],
  ["interval", "20m", "every 20 minutes"],
  ["interval", "90s", "every 90 seconds"],
  ["interval", "1d", "every day"],
  ["once", "2026-12-01T09:00", "once on 2026-12-01 at 09:00, New York time"],
  ["once", "2026-12-01T09:00:05", "once on 2026-12-01 at 09:00:05, New York time"],
])("%s %s is: %s", (type, value, words) => {
  expect(inWords(parse(type, value), zone)).toBe(words);
});

test("the zone is the task's own, or that of the group", () => {
  const daily = parse("cron", "0 9 * * *");
  expect(inWords(daily, "UTC")).toBe("every day at 09:00, UTC");
  expect(inWords(daily, "America/Argentina/Buenos_Aires")).toBe("every day at 09:00, Buenos Aires time");
  expect(inWords(parse("cron", "0 9 * * *", "Asia/Tokyo"), "UTC")).toBe("every day at 09:00, Tokyo time");
  expect(inWords({ type: "once", at: Date.parse("2026-12-01T08:00Z") }, "Europe/Berlin")).toBe(
    "once on 2026-12-01 at 09:00, Berlin time",
  );
});

test("a moment is said as the clock of the zone shows it", () => {
  const moment = fc.integer({ min: now, max: Date.UTC(2039, 0) });
  fc.assert(
    fc.property(moment, fc.constantFrom(...TEN_ZONES), (at, own) => {
      const shown = new Date(localOf(at, own)).toISOString();
      expect(inWords({ type: "once", at }, own)).toContain(
        `once on ${shown.slice(0, 10)} at ${shown.slice(11, 16)}`,
      );
    }),
  );
});
