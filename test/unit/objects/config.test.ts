import { expect, test } from "vitest";
import { readConfig } from "../../../durable-objects/config.ts";

test.each(["Europe/Kyiv", "US/Eastern", "Asia/Kolkata"])("TIMEZONE may be the zone %s", (TIMEZONE) => {
  expect(readConfig({ TIMEZONE })).toMatchObject({ TIMEZONE, problems: [] });
});

test.each(["+02:00", "-0530", "Mars/Olympus", "CET+1"])("TIMEZONE=%s is told and is UTC", (TIMEZONE) => {
  const config = readConfig({ TIMEZONE });
  expect(config.TIMEZONE).toBe("UTC");
  expect(config.problems).toEqual([expect.stringContaining("Europe/Berlin")]);
});
