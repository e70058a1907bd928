import { afterEach, expect, test, vi } from "vitest";
import { readConfig } from "../../../durable-objects/config.ts";
import { LOG_LEVELS, log } from "../../../durable-objects/log.ts";

afterEach(() => vi.restoreAllMocks());

test.each([
  ["debug", ["debug", "info", "warn", "error"]],
  [undefined, ["info", "warn", "error"]],
  ["warn", ["warn", "error"]],
  ["error", ["error"]],
  ["loud", ["info", "warn", "error"]],
])("LOG_LEVEL=%s writes %j, a line of JSON each", (LOG_LEVEL, expected) => {
  const lines: string[] = [];
  for (const level of LOG_LEVELS)
    vi.spyOn(console, level).mockImplementation((line) => void lines.push(line));
  for (const level of LOG_LEVELS) log(level, readConfig({ LOG_LEVEL }).LOG_LEVEL, "it\nhappened", { n: 1 });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject(
    expected.map((level) => ({ level, what: "it\nhappened", n: 1 })),
  );
  expect(lines.join("")).not.toContain("\n");
});
