import { expect, test } from "vitest";
import { channels } from "../../../channels/index.ts";
import { Allowance } from "../../../durable-objects/directory/allowance.ts";

test.each(Object.keys(channels))("%s: no second has more moments than the channel's limit", (channel) => {
  const perSecond = channels[channel]!.limits.fanOutPerSecond;
  const allowance = new Allowance();
  const moments = Array.from({ length: 200 }, () => allowance.lease(channel, 1, 1_000_000));
  if (!perSecond) return expect(moments.every((pause) => pause === 0)).toBe(true);
  expect(moments[0]).toBe(0);
  expect(moments).toEqual(moments.toSorted((a, b) => a - b));
  // A second's share may go at once, and comes on top of the first second.
  for (const from of moments.filter((at) => at > 0))
    expect(moments.filter((at) => at > from && at <= from + 1000).length).toBeLessThanOrEqual(perSecond);
  expect(moments.filter((at) => at === 0).length).toBeLessThanOrEqual(perSecond + 1);
});

test("a message of several parts takes as many moments, and time that passed is not saved up", () => {
  const perSecond = channels.telegram!.limits.fanOutPerSecond!;
  const allowance = new Allowance();
  expect(allowance.lease("telegram", 3 * perSecond, 1_000_000)).toBe(0);
  expect(allowance.lease("telegram", 1, 1_000_000)).toBe(2000);
  expect(allowance.lease("telegram", 2 * perSecond, 3_600_000)).toBe(0);
  expect(allowance.lease("telegram", 1, 3_600_000)).toBe(1000);
});

test("nobody waits for a time that a clock had before it was set back", () => {
  const allowance = new Allowance();
  allowance.lease("telegram", 1, 86_400_000);
  expect(allowance.lease("telegram", 1, 1000)).toBe(0);
});
