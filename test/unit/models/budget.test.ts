import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type Amount,
  costOf,
  estimateTokens,
  percentSpent,
  refusal,
  textTokens,
} from "../../../agent/budget.ts";

const amount = fc.record({
  usd: fc.double({ min: 0, max: 30, noNaN: true }),
  tokens: fc.nat({ max: 1_000_000 }),
});
const call = fc.record({
  estimate: amount,
  share: fc.double({ min: 0, max: 1, noNaN: true }),
  priced: fc.boolean(),
});
const plus = (a: Amount, b: Amount) => ({ usd: a.usd + b.usd, tokens: a.tokens + b.tokens });

test("no budget is ever passed, whatever is asked for and settled at up to its estimate", () => {
  fc.assert(
    fc.property(
      fc.record({ turn: amount, group: amount, install: amount }),
      fc.array(call),
      (limits, calls) => {
        let spent: Amount = { usd: 0, tokens: 0 };
        for (const { estimate, share, priced } of calls) {
          const cost = priced ? { ...estimate, priced } : { usd: 0, tokens: estimate.tokens, priced };
          const scopes = (["turn", "group", "install"] as const).map((scope) => ({
            scope,
            limit: limits[scope],
            spent,
          }));
          if (refusal(cost, scopes)) continue;
          for (const { limit } of scopes) {
            expect(spent.tokens + cost.tokens).toBeLessThanOrEqual(limit.tokens);
            expect(spent.usd + cost.usd).toBeLessThanOrEqual(Math.max(limit.usd, spent.usd));
          }
          spent = plus(spent, { usd: cost.usd * share, tokens: Math.floor(cost.tokens * share) });
        }
        for (const limit of Object.values(limits)) expect(spent.tokens).toBeLessThanOrEqual(limit.tokens);
      },
    ),
  );
});

test("refuses only what does not fit, and names a budget that is too small", () => {
  fc.assert(
    fc.property(amount, amount, amount, (limit, spent, cost) => {
      const refused = refusal({ ...cost, priced: true }, [{ scope: "group", limit, spent }]);
      const fits = spent.usd + cost.usd <= limit.usd && spent.tokens + cost.tokens <= limit.tokens;
      expect(refused === undefined).toBe(fits);
      if (refused) expect(spent[refused.kind] + cost[refused.kind]).toBeGreaterThan(limit[refused.kind]);
    }),
  );
});

test("names the narrowest budget that is used up", () => {
  const [none, much] = [
    { usd: 0, tokens: 0 },
    { usd: 9, tokens: 9000 },
  ];
  const cost = { usd: 1, tokens: 1000, priced: true };
  expect(
    refusal(cost, [
      { scope: "turn", limit: much, spent: none },
      { scope: "group", limit: none, spent: none },
      { scope: "install", limit: none, spent: none },
    ]),
  ).toEqual({ scope: "group", kind: "usd" });
});

test("without a known price the token budget rules", () => {
  const cost = costOf({ inputTokens: 600, outputTokens: 400 }, { price: () => undefined });
  const scope = (tokens: number) => [
    { scope: "turn" as const, limit: { usd: 0, tokens }, spent: { usd: 0, tokens: 0 } },
  ];
  expect(refusal(cost, scope(1000))).toBeUndefined();
  expect(refusal(cost, scope(999))).toEqual({ scope: "turn", kind: "tokens" });
});

test("a price that comes with the usage stands before the model's own", () => {
  expect(costOf({ inputTokens: 1, outputTokens: 1, usd: 3 }, { price: () => 5 })).toEqual({
    usd: 3,
    tokens: 2,
    priced: true,
  });
});

test("tells how much of a budget is gone by the currency that is gone most", () => {
  expect(percentSpent({ usd: 4, tokens: 100 }, { usd: 5, tokens: 1000 })).toBeCloseTo(80);
  expect(percentSpent({ usd: 0, tokens: 900 }, { usd: 5, tokens: 1000 })).toBeCloseTo(90);
  expect(percentSpent({ usd: 0, tokens: 0 }, { usd: 0, tokens: 0 })).toBe(0);
  expect(percentSpent({ usd: 1, tokens: 0 }, { usd: 0, tokens: 10 })).toBe(Number.POSITIVE_INFINITY);
});

test("an estimate grows with every text, and a text has no more tokens than characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
      expect(textTokens(a + b)).toBeLessThanOrEqual(textTokens(a) + textTokens(b));
      expect(textTokens(a + b)).toBeGreaterThanOrEqual(textTokens(a));
      expect(textTokens(a)).toBeLessThanOrEqual(a.length);
    }),
  );
});

test("counts a Chinese character as a token and three Latin letters as one", () => {
  expect(textTokens("明天早上开会")).toBe(6);
  expect(textTokens("hello world!")).toBe(4);
});

test("counts tools, calls and pictures of a request", () => {
  const bare = estimateTokens({ messages: [{ role: "user", content: "hi" }], tools: [] });
  const tool = { name: "grep", description: "Find lines.", parameters: { type: "object" } };
  const withTool = estimateTokens({ messages: [{ role: "user", content: "hi" }], tools: [tool] });
  const withImage = estimateTokens({
    messages: [{ role: "user", content: "hi", images: [{ dataUrl: "data:," }] }],
    tools: [],
  });
  expect(withTool - bare).toBeGreaterThanOrEqual(Math.floor(JSON.stringify(tool).length / 3));
  expect(withImage - bare).toBeGreaterThan(1000);
});
