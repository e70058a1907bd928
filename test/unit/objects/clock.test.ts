import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { continueAfter, newCode, newId } from "../../../durable-objects/clock.ts";

afterEach(() => {
  vi.useRealTimers();
});

test("every id is greater than the one before it, wherever the clock jumps", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2 ** 42 }), { maxLength: 50 }), (times) => {
      let last = "";
      for (const now of times) {
        vi.useFakeTimers({ toFake: ["Date"], now });
        for (let n = 0; n < 3; n++) {
          const id = newId();
          expect(id > last).toBe(true);
          expect(id).toHaveLength(26);
          last = id;
        }
      }
    }),
  );
});

test("ids continue after those of an earlier run whose clock was ahead", () => {
  const ahead = `7ZZZZZZZZY${"0".repeat(16)}`;
  continueAfter(undefined);
  continueAfter(ahead);
  expect(newId() > ahead).toBe(true);
});

test("codes have only letters and digits that cannot be mistaken for each other", () => {
  for (let n = 0; n < 200; n++) expect(newCode(8)).toMatch(/^[2-9A-HJ-NP-Z]{8}$/);
});
