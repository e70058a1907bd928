import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nextSlot } from "../../../schedule/next.ts";
import { checkZone, parseSchedule, ScheduleError } from "../../../schedule/schedule.ts";
import { changeDays, DAY, HOUR, minutesOf, TEN_ZONES } from "./oracle.ts";

const now = Date.parse("2026-11-21T09:00:00Z");
const zone = "America/New_York";
const parse = (type: string, value: string, own?: string, at = now) =>
  parseSchedule({ type, value, ...(own === undefined ? {} : { zone: own }) }, { now: at, zone });

/** The error of a schedule that must be refused. */
function refusal(type: string, value: string, own?: string): ScheduleError {
  try {
    parse(type, value, own);
  } catch (error) {
    if (error instanceof ScheduleError) return error;
    throw error;
  }
  throw new Error(`${type} ${value} was accepted`);
}

describe("a single time", () => {
  test.each([
    ["2026-12-01T09:00", "2026-12-01T14:00:00Z"],
    ["2026-12-01 09:00:30", "2026-12-01T14:00:30Z"],
    ["2026-12-01T09:00Z", "2026-12-01T09:00:00Z"],
    ["2026-12-01T09:00:00.500+05:45", "2026-12-01T03:15:00.500Z"],
    ["2026-12-01", "2026-12-01T05:00:00Z"],
    ["2028-02-29T12:00", "2028-02-29T17:00:00Z"],
  ])("%s is %s for a group in New York", (value, expected) => {
    expect(parse("once", value)).toEqual({ type: "once", at: Date.parse(expected) });
  });

  test("is read on the clock of the task's own zone, and an offset in it rules over both", () => {
    expect(parse("at", "2026-12-01T09:00", "Asia/Tokyo")).toEqual({
      type: "once",
      at: Date.parse("2026-12-01T00:00Z"),
    });
    expect(parse("at", "2026-12-01T09:00+01:00", "Asia/Tokyo")).toEqual({
      type: "once",
      at: Date.parse("2026-12-01T08:00Z"),
    });
  });

  test.each([
    ["in 10 seconds", 10_000],
    ["10s", 10_000],
    ["20m", 20 * 60_000],
    ["1h30m", 90 * 60_000],
    ["in 1 hour and 30 minutes", 90 * 60_000],
    ["in 2 days", 2 * DAY],
  ])("%s is that long from now", (value, wait) => {
    expect(parse("once", value)).toEqual({ type: "once", at: now + wait });
  });

  test("that is skipped is later by the gap, that comes twice is the first, at every change of ten clocks", () => {
    for (const own of TEN_ZONES) {
      const days = changeDays(own, 2000, 2040);
      fc.assert(
        fc.property(
          fc.constantFrom(...days),
          fc.integer({ min: -24, max: 48 }),
          fc.nat(59),
          (day, hour, minute) => {
            const local = day + hour * HOUR + minute * 60_000;
            const value = new Date(local).toISOString().slice(0, 19);
            const minutes = minutesOf(own, local - 2 * DAY, local + 2 * DAY);
            const first = minutes.find((each) => each.local === local)?.at;
            const gap = minutes.findIndex(
              (each, index) => each.local > local && minutes[index - 1]!.local < local,
            );
            const moved = () => minutes[gap - 1]!.at + local - minutes[gap - 1]!.local;
            expect(parse("once", value, own, Date.UTC(1999, 0))).toEqual({
              type: "once",
              at: first ?? moved(),
            });
          },
        ),
        { numRuns: 40 },
      );
    }
  });

  test.each([
    ["2026-11-21T03:59", /past.*2026-11-21T04:00/],
    ["2026-11-21T09:00Z", /past/],
    ["2026-02-30T09:00", /no such date/],
    ["2027-02-29T09:00", /no such date/],
    ["2027-13-01T09:00", /no such date/],
    ["2027-01-31T25:00", /no such date/],
    ["2027-01-31T09:60", /no such date/],
    ["9999-01-31T09:00", /100 years/],
    ["0s", /past/],
    ["tomorrow", /no ISO time/],
    ["09:00", /no ISO time/],
    ["1796112000000", /no ISO time/],
    ["2027", /no ISO time/],
    ["", /no ISO time/],
  ])("%j is refused with the reason", (value, reason) => {
    const { field, message } = refusal("once", value);
    expect(field).toBe("schedule_value");
    expect(message).toMatch(reason);
  });
});

describe("an interval", () => {
  test.each([
    ["interval", "1200000", 20 * 60_000],
    ["interval", "20m", 20 * 60_000],
    ["every", "2h", 2 * HOUR],
    ["every", "1d", DAY],
    ["INTERVAL", "90s", 90_000],
    ["interval", "1.5h", 90 * 60_000],
    ["interval", "every 5 minutes", 5 * 60_000],
    ["every_seconds", "60", 60_000],
    ["every_seconds", "3600", HOUR],
    ["interval", "60000", 60_000],
  ])("%s %s has its first slot one length from now", (type, value, every) => {
    const schedule = parse(type, value);
    expect(schedule).toEqual({ type: "interval", every, anchor: now + every });
    expect(nextSlot(schedule, now, zone)).toBe(now + every);
  });

  test.each([
    ["interval", "59999", /at least 60 seconds/],
    ["interval", "20", /at least 60 seconds/],
    ["every", "59s", /at least 60 seconds/],
    ["every_seconds", "59", /at least 60 seconds/],
    ["interval", "-20m", /no length of time/],
    ["interval", "soon", /no length of time/],
    ["interval", "5 parsecs", /no length of time/],
    ["interval", "99999999999999999999", /at most 10 years/],
  ])("%s %s is refused with the reason", (type, value, reason) => {
    expect(refusal(type, value).message).toMatch(reason);
  });
});

describe("a cron expression", () => {
  test("keeps its own zone, and follows the group's without one", () => {
    expect(parse("cron", " 0  9 * * MON ", "Europe/Kyiv")).toEqual({
      type: "cron",
      expression: "0 9 * * MON",
      zone: "Europe/Kyiv",
    });
    expect(parse("cron_expr", "0 9 * * MON")).toEqual({ type: "cron", expression: "0 9 * * MON" });
    expect(parse("cron", "0 9 * * MON", " ")).toEqual({ type: "cron", expression: "0 9 * * MON" });
  });

  test.each([
    ["0 9 * * 0", "0 9 * * 7"],
    ["0 9 * * 0", "0 9 * * SUN"],
    ["0 9 * * 0", "0 9 * * 0,7"],
    ["0 9 * * *", "0 9 * * 1-7"],
    ["0 9 * * 1-5", "0 9 * * mon-FRI"],
    ["0 9 1 1,3 *", "0 9 1 JAN,mar *"],
    ["0,20,40 * * * *", "*/20 * * * *"],
    ["5,20,35,50 * * * *", "5/15 * * * *"],
    ["1-3 * * * *", "1,2,3,1-2,03 * * * *"],
  ])("%s means the same as %s", (one, other) => {
    let [a, b] = [now, now];
    for (let slot = 0; slot < 20; slot++) {
      a = nextSlot(parse("cron", one), a, zone)!;
      b = nextSlot(parse("cron", other), b, zone)!;
      expect(b).toBe(a);
    }
  });

  test.each([
    ["0 0 9 * * 1", /6 fields.*leave out/],
    ["0 9 * *", /5 fields.*not 4/],
    ["", /5 fields/],
    ["0 9 L * *", /L, W, #/],
    ["0 9 15W * *", /L, W, #/],
    ["0 9 * * 5L", /L, W, #/],
    ["0 9 * * 1#2", /L, W, #/],
    ["0 9 * * MON#2", /L, W, #/],
    ["0 9 ? * MON", /L, W, #, \?/],
    ["H 9 * * *", /and H/],
    ["@daily", /five fields/],
    ["0 0 30 2 *", /never comes/],
    ["0 0 31 4,6,9,11 *", /never comes/],
    ["60 * * * *", /no minute \(0-59\)/],
    ["0 24 * * *", /no hour \(0-23\)/],
    ["0 9 0 * *", /no day of the month/],
    ["0 9 * 13 *", /no month/],
    ["0 9 * * 8", /no day of the week/],
    ["0 9 * * monday", /no day of the week/],
    ["0 22-2 * * *", /upwards/],
    ["*/70 * * * *", /too long.*interval/],
    ["*/0 * * * *", /no minute/],
    ["1,,2 * * * *", /no minute/],
    ["1.5 * * * *", /no minute/],
    ["-1 * * * *", /no minute/],
    ["a b c d e", /no minute/],
    [`${"1,".repeat(400)}1 * * * *`, /at most/],
  ])("%s is refused with the reason", (value, reason) => {
    const { field, message } = refusal("cron", value);
    expect(field).toBe("schedule_value");
    expect(message).toMatch(reason);
  });
});

test("every refusal names its field and gives an example that works", () => {
  const examples = [
    ["once", refusal("once", "tomorrow")],
    ["interval", refusal("interval", "1s")],
    ["cron", refusal("cron", "x")],
  ] as const;
  for (const [type, { field, message }] of examples) {
    expect(message.startsWith(`${field}: `)).toBe(true);
    const example = message.split("Example: ")[1]!;
    for (const [, value] of example.matchAll(/"([^"]+)"/g)) expect(() => parse(type, value!)).not.toThrow();
    expect(example).toContain('"');
  }
  expect(refusal("weekly", "1")).toMatchObject({
    field: "schedule_type",
    message: expect.stringMatching(/once, interval or cron/),
  });
});

test("parsing ends for any text, with a schedule to come or a refusal", () => {
  fc.assert(
    fc.property(
      fc.constantFrom("once", "interval", "cron", "at", "every", "x"),
      fc.oneof(
        fc.string(),
        fc.stringMatching(/^[0-9*/,\-LW#? ]{0,30}$/),
        fc.stringMatching(/^[0-9TZ:+ smhd-]{0,25}$/),
      ),
      (type, value) => {
        try {
          expect(nextSlot(parse(type, value), now, zone)).toBeGreaterThan(now);
        } catch (error) {
          expect(error).toBeInstanceOf(ScheduleError);
        }
      },
    ),
    { numRuns: 500 },
  );
});

test("very long values are refused like others", () => {
  for (const part of ["1", "1s ", "-", "*,", " ", "[", "2026-12-01T09:00"]) {
    for (const type of ["once", "interval", "cron"]) {
      const value = `${part.repeat(200_000 / part.length)}x`;
      expect(refusal(type, value).message.length).toBeLessThan(300);
    }
  }
});

describe("a zone", () => {
  test.each([
    ["Europe/Berlin", "Europe/Berlin"],
    [" europe/berlin ", "Europe/Berlin"],
    ["Europe/Kyiv", "Europe/Kyiv"],
    ["US/Eastern", "US/Eastern"],
    ["Asia/Calcutta", "Asia/Calcutta"],
    ["utc", "UTC"],
  ])("%s is accepted as %s", (given, kept) => {
    expect(checkZone(given)).toBe(kept);
  });

  test.each(["Mars/Olympus", "+02:00", "", "local", "New York", "Europe/Berlin; x"])(
    "%j is refused",
    (given) => {
      expect(() => checkZone(given)).toThrow(/^timezone: .*Example: Europe\/Berlin$/);
    },
  );

  test("that is unknown refuses the task, whatever its kind", () => {
    for (const [type, value] of [
      ["once", "10s"],
      ["interval", "20m"],
      ["cron", "0 9 * * *"],
    ] as const) {
      expect(refusal(type, value, "Mars/Olympus").field).toBe("timezone");
    }
  });
});
