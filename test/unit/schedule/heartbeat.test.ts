import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hasSomethingToDo, inActiveHours, nextBeat, withoutToken } from "../../../schedule/heartbeat.ts";
import { DAY, HOUR, localOf, TEN_ZONES } from "./oracle.ts";

const MINUTE = 60_000;

describe("HEARTBEAT.md has nothing to do", () => {
  test("as it is shipped", () => {
    expect(hasSomethingToDo(readFileSync("agent/templates/HEARTBEAT.md", "utf8"))).toBe(false);
  });

  test.each([
    ["nothing", ""],
    ["blank lines", "\n  \n\t\n\u200b\n"],
    ["headings", "# Heartbeat\n## Active Tasks\n###\n"],
    ["a comment", "<!-- - [ ] Look -->"],
    ["a comment over several lines", "<!-- one\n\n- [ ] two\n## x\nthree -->\n"],
    ["a comment that is not closed", "## Active Tasks\n<!-- - [ ] Look\nlater"],
    ["bare checkboxes", "- [ ]\n* [ ] \n1. [ ]\n+ []\n- \n[ ]"],
    ["checked ones", "- [x] Look\n* [X] Again\n  - [x] inside"],
    ["a checked one with a note below", "- [x] Look\n  it was fine\n  - as always"],
    ["what is completed", "## Active Tasks\n\n## Completed\n- [ ] old\nsome text\n### Details\nmore"],
    ["what is completed, on Windows", "## completed\r\n- [ ] old\r\n\r\nold too\r\n"],
  ])("when it holds only %s", (_, markdown) => {
    expect(hasSomethingToDo(markdown)).toBe(false);
  });
});

describe("HEARTBEAT.md has something to do", () => {
  test.each([
    ["an open checkbox", "## Active Tasks\n- [ ] Check weather"],
    ["plain text", "Check the weather"],
    ["a plain bullet", "- Check the weather"],
    ["text after a comment", "<!-- note --> Check the weather"],
    ["text after a comment over several lines", "<!--\n- [ ] x\n-->\nCheck"],
    ["an open box below a checked one", "- [x] Trip\n  - [ ] Book the train"],
    ["an open box after a checked one", "- [x] Trip\n- [ ] Train"],
    ["text after a checked one", "- [x] Trip\n\nBook the train"],
    ["a section after the completed one", "## Completed\n- [x] a\n## Active Tasks\n- [ ] b"],
    ["a higher heading after the completed one", "## Completed\nold\n# Later\nnew"],
    ["a heading that only begins like it", "## Completed by Friday\n- [ ] Report"],
    ["a word with a hash, which is no heading", "#weather"],
  ])("when it holds %s", (_, markdown) => {
    expect(hasSomethingToDo(markdown)).toBe(true);
  });

  test("whatever stands around an open line", () => {
    const nothing = fc.array(
      fc.constantFrom("", "# Title", "- [x] done", "- [ ]", "<!-- a\n- [ ] b -->", "## Notes"),
    );
    fc.assert(
      fc.property(nothing, nothing, (before, after) => {
        expect(hasSomethingToDo([...before, ...after].join("\n"))).toBe(false);
        expect(hasSomethingToDo([...before, "- [ ] Look", ...after].join("\n"))).toBe(true);
        expect(hasSomethingToDo([...before, "## Completed", "- [ ] Look"].join("\n"))).toBe(false);
      }),
    );
  });
});

describe("HEARTBEAT_OK", () => {
  const marks = fc.constantFrom(
    "",
    "**",
    "`",
    "*",
    "_",
    ".",
    "!",
    " ",
    "\n",
    '"',
    "~~",
    "…",
    "# ",
    "> ",
    "- ",
  );
  const token = fc.constantFrom(
    "HEARTBEAT_OK",
    "heartbeat_ok",
    "Heartbeat\\_Ok",
    "HEARTBEAT-OK",
    "HeartbeatOK",
  );

  test("alone is not delivered, whatever its case, markup and punctuation", () => {
    fc.assert(
      fc.property(marks, marks, token, marks, marks, (a, b, word, c, d) => {
        expect(withoutToken(`${a}${b}${word}${c}${d}`)).toEqual({ text: "", ok: true });
      }),
    );
    for (const text of [
      "<b>HEARTBEAT_OK</b>",
      "```\nHEARTBEAT_OK\n```",
      "HEARTBEAT_OK HEARTBEAT_OK",
      "\u200bHEARTBEAT_OK",
    ]) {
      expect(withoutToken(text)).toEqual({ text: "", ok: true });
    }
  });

  test.each([
    ["HEARTBEAT_OK - rain at noon", "rain at noon"],
    ["Rain at noon.\n\nHEARTBEAT_OK", "Rain at noon."],
    ["**HEARTBEAT_OK**\nRain at noon.", "Rain at noon."],
    ["- HEARTBEAT_OK\n- Rain at noon", "- Rain at noon"],
    ["Rain at noon. HEARTBEAT_OK", "Rain at noon."],
    ["**Rain** at noon heartbeat_ok.", "**Rain** at noon"],
    ["明天有雨 HEARTBEAT_OK", "明天有雨"],
    ["👨‍👩‍👧 come home HEARTBEAT_OK", "👨‍👩‍👧 come home"],
  ])("beside other text it is removed: %j", (given, text) => {
    expect(withoutToken(given)).toEqual({ text, ok: false });
  });

  test.each(["Rain at noon", "", "HEARTBEAT_OKAY", "MY_HEARTBEAT_OK2", "the heartbeat is ok"])(
    "%j has no token and stays as it is",
    (text) => {
      expect(withoutToken(text)).toEqual({ text, ok: false });
    },
  );
});

describe("active hours", () => {
  const anyTime = fc.nat(24 * 60 - 1);
  const clock = (minute: number) =>
    `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
  const anyZone = fc.constantFrom(...TEN_ZONES);
  const anyMoment = fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2039, 0) });
  const minuteAt = (at: number, zone: string) => Math.floor((localOf(at, zone) % DAY) / MINUTE);

  test("last from the first time until just before the second, also over midnight", () => {
    const within = (time: string, from: string, to: string) =>
      inActiveHours({ from, to }, Date.parse(`2026-11-21T${time}Z`), "UTC");
    expect([within("07:59", "08:00", "22:00"), within("08:00", "08:00", "22:00")]).toEqual([false, true]);
    expect([within("21:59", "08:00", "22:00"), within("22:00", "08:00", "22:00")]).toEqual([true, false]);
    expect([within("23:00", "22:00", "06:00"), within("05:59", "22:00", "06:00")]).toEqual([true, true]);
    expect([within("06:00", "22:00", "06:00"), within("21:59", "22:00", "06:00")]).toEqual([false, false]);
    expect([within("23:59", "08:00", "24:00"), within("00:00", "08:00", "24:00")]).toEqual([true, false]);
    expect(within("03:00", "08:00", "08:00")).toBe(true);
    expect(inActiveHours(undefined, 0, "UTC")).toBe(true);
  });

  test("and the hours turned around share every moment between them", () => {
    fc.assert(
      fc.property(anyTime, anyTime, anyMoment, anyZone, (a, b, now, zone) => {
        fc.pre(a !== b);
        const there = inActiveHours({ from: clock(a), to: clock(b) }, now, zone);
        expect(inActiveHours({ from: clock(b), to: clock(a) }, now, zone)).toBe(!there);
        const minute = minuteAt(now, zone);
        if (a < b) expect(there).toBe(minute >= a && minute < b);
      }),
    );
  });

  test("a time that is none is refused with an example", () => {
    for (const from of ["8", "25:00", "24:01", "08:60", "morning"]) {
      expect(() => inActiveHours({ from, to: "22:00" }, 0, "UTC")).toThrow(/no time of day.*08:30/);
    }
  });

  test("without hours, beats are whole steps after the last, and the very next", () => {
    fc.assert(
      fc.property(
        anyMoment,
        fc.integer({ min: MINUTE, max: DAY }),
        fc.integer({ min: -DAY, max: 9 * DAY }),
        (last, every, since) => {
          const beat = nextBeat({ last, every, now: last + since, zone: "UTC" });
          expect(Math.abs((beat - last) % every)).toBe(0);
          expect(beat).toBeGreaterThan(last + since);
          expect(beat - every).toBeLessThanOrEqual(last + since);
        },
      ),
    );
  });

  test("a step that falls on the first minute of the hours beats there, and a day without a step at their beginning", () => {
    const at = (time: string) => Date.parse(`2026-11-${time}Z`);
    const hours = { from: "08:00", to: "22:00" };
    const beat = (last: string, every: number, now: string) =>
      nextBeat({ last: at(last), every, now: at(now), hours, zone: "UTC" });
    expect(beat("20T21:30", 30 * MINUTE, "20T21:31")).toBe(at("21T08:00"));
    expect(beat("20T21:40", 30 * MINUTE, "20T21:50")).toBe(at("21T08:10"));
    expect(beat("20T03:00", DAY, "20T03:00")).toBe(at("21T08:00"));
    expect(beat("20T09:00", DAY, "20T09:00")).toBe(at("21T09:00"));
  });

  test("with hours, the next beat lies within them, on the steps when one falls there, and soon", () => {
    const every = fc.integer({ min: MINUTE, max: 6 * HOUR });
    fc.assert(
      fc.property(
        anyTime,
        anyTime,
        anyMoment,
        fc.nat(3 * DAY),
        every,
        anyZone,
        (a, b, last, since, step, zone) => {
          const hours = { from: clock(a), to: clock(b) };
          const now = last + since;
          const beat = nextBeat({ last, every: step, now, hours, zone });
          expect(beat).toBeGreaterThan(now);
          expect(beat - now).toBeLessThan(2 * DAY + step);
          const changes = localOf(beat - 6 * HOUR, zone) - localOf(beat + 6 * HOUR, zone) !== -12 * HOUR;
          if (!changes) expect(inActiveHours(hours, beat, zone)).toBe(true);
          for (let at = last; at < beat; at += step) {
            if (at > now) expect(inActiveHours(hours, at, zone)).toBe(false);
          }
          if (!changes && (beat - last) % step !== 0) expect(minuteAt(beat, zone)).toBe(a);
        },
      ),
      { numRuns: 200 },
    );
  });
});
