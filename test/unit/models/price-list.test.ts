import { calcPrice } from "@pydantic/genai-prices";
import { assert, constantFrom, integer, property } from "fast-check";
import { expect, test } from "vitest";
import { known } from "../../../agent/models/price.ts";
import { PRICES, type PricedProvider } from "../../../agent/models/price-list.ts";
import { PROVIDERS } from "../../../agent/models/providers.ts";
import { priceList } from "../../price-list.ts";

const priceOf = (model: string, api: string, usage: { input: number; output: number; cached: number }) => {
  const { input: inputTokens, output: outputTokens, cached: cachedTokens } = usage;
  return known(model, api).price({ inputTokens, outputTokens, cachedTokens });
};

/** What the package says, after all dates that it knows. */
const theirs = (
  model: string,
  api: string,
  usage: { input: number; output: number; cached: number },
  hour = 0,
) =>
  calcPrice(
    { input_tokens: usage.input, output_tokens: usage.output, cache_read_tokens: usage.cached },
    model,
    { providerApiUrl: api, timestamp: new Date(Date.UTC(2100, 0, 1, hour, 45)) },
  )?.total_price;

/** An address that the package's pattern of a provider fits. */
const API: Record<string, string> = Object.fromEntries(
  Object.values(PROVIDERS).map(({ priceId, baseURL }) => [priceId, baseURL]),
);
const models = PRICES.filter(({ id }) => API[id]).flatMap(({ id, models }) =>
  models.map((model) => ({ api: API[id]!, model: model.id })),
);

test("the price list is what the package knows of our providers", async () => {
  await expect(written(priceList())).toMatchFileSnapshot("../../../agent/models/prices.json");
});

test("every model of the package's providers costs what the package says, never less", () => {
  const tokens = integer({ min: 0, max: 2_000_000 });
  assert(
    property(constantFrom(...models), tokens, tokens, tokens, ({ model, api }, input, output, part) => {
      const usage = { input, output, cached: Math.min(input, part) };
      const hours = Array.from({ length: 24 }, (_, hour) => theirs(model, api, usage, hour));
      const dearest = hours[0] === undefined ? undefined : Math.max(...(hours as number[]));
      const ours = priceOf(model, api, usage);
      if (dearest === undefined) return ours === undefined;
      return ours !== undefined && Math.abs(ours - dearest) <= dearest * 1e-9;
    }),
    { numRuns: 2000 },
  );
});

test("a model is found by each way to write its name that the package knows", () => {
  const names = [
    "claude-sonnet-4-5-20250929",
    "CLAUDE-SONNET-4-5",
    "gpt-4o-20240806",
    "gpt-4o-2024-08-06",
    "no-such-model",
  ];
  for (const name of names)
    for (const api of Object.values(API)) {
      const usage = { input: 1000, output: 1000, cached: 0 };
      expect(`${name} ${api} ${priceOf(name, api, usage)}`).toBe(
        `${name} ${api} ${theirs(name, api, usage)}`,
      );
    }
});

/** As JSON with a line for each model, so that an update of the package can be read as a change of lines. */
function written(list: PricedProvider[]): string {
  const lines = list.map(({ models, ...provider }) => {
    const head = JSON.stringify(provider).slice(0, -1);
    return `${head},"models":[\n${models.map((model) => JSON.stringify(model)).join(",\n")}\n]}`;
  });
  return `[\n${lines.join(",\n")}\n]\n`;
}
