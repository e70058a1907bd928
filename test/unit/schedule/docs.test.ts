import { readFileSync } from "node:fs";
import { DateTime } from "luxon";
import { expect, test } from "vitest";
import { nextSlot } from "../../../schedule/next.ts";
import { parseSchedule } from "../../../schedule/schedule.ts";

const page = readFileSync("docs/tasks.md", "utf8");

/** The rows of the table whose first column has this title, without marks. */
function rows(title: string): string[][] {
  const lines = page.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${title} |`));
  const end = lines.findIndex((line, index) => index > start && !line.startsWith("|"));
  return lines.slice(start + 2, end).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.replaceAll("`", "").trim()),
  );
}

const golden = rows("Case");
const forms = rows("Type");
const now = Date.UTC(2026, 10, 21);

test("the page has its tables", () => {
  expect(golden.length).toBeGreaterThanOrEqual(15);
  expect(forms.length).toBeGreaterThanOrEqual(8);
});

test.each(golden)("%s: %s, %s after %s fires at %s", (_, zone, expression, after, slots) => {
  let at = Date.parse(after!);
  const schedule = parseSchedule({ type: "cron", value: expression!, zone: zone! }, { now: at, zone: "UTC" });
  for (const slot of slots!.split(", ")) {
    at = nextSlot(schedule, at, "UTC")!;
    expect(DateTime.fromMillis(at, { zone: zone! }).toFormat("yyyy-MM-dd'T'HH:mmZZ")).toBe(slot);
  }
});

test.each(forms)("the form %s (%s) with %s is read", (type, also, value) => {
  const read = (name: string) => parseSchedule({ type: name, value: value! }, { now, zone: "Europe/Berlin" });
  const schedule = read(type!);
  if (also) expect(read(also)).toEqual(schedule);
  expect(nextSlot(schedule, now, "Europe/Berlin")).toBeGreaterThan(now);
});
