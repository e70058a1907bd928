import { findProvider } from "@pydantic/genai-prices";
import type { Match, PricedProvider, Rates } from "../agent/models/price-list.ts";

const IDS =
  "anthropic azure cerebras cloudflare cohere deepseek fireworks google groq mistral moonshotai novita openai openrouter perplexity together x-ai zai zhipuai".split(
    " ",
  );
const KEPT = [
  "input_mtok",
  "output_mtok",
  "cache_read_mtok",
  "requests_kcount",
  "audio_hours",
  "input_audio_hours",
];

/** What the package knows of the providers whose API the assistant can use, as far as prices.json keeps it. */
export function priceList(): PricedProvider[] {
  return IDS.map((id) => providerOf(findProvider({ providerId: id })!));
}

type Provider = NonNullable<ReturnType<typeof findProvider>>;
type Model = Provider["models"][number];

function providerOf(provider: Provider): PricedProvider {
  const { id, api_pattern: api, model_match: model, fallback_model_providers: fallback, models } = provider;
  const priced = models.map(({ id, match, context_window: window, prices }) => ({
    id,
    match: match as Match,
    window,
    rates: ratesOf(Array.isArray(prices) ? standing(prices) : prices),
  }));
  return { id, api, model: model as Match | undefined, fallback, models: priced };
}

type Dated = Extract<Model["prices"], unknown[]>[number];

/** The newest of prices that depend on a date, the dearest of those that depend on the hour. */
function standing(dated: Dated[]): Dated["prices"] {
  const hourly = dated.some(({ constraint }) => constraint?.type === "time_of_date");
  const output = ({ prices }: Dated) => Number(prices.output_mtok ?? 0);
  return (hourly ? dated.toSorted((a, b) => output(a) - output(b)) : dated).at(-1)!.prices;
}

function ratesOf(prices: object): Rates {
  return Object.fromEntries(Object.entries(prices).filter(([name]) => KEPT.includes(name)));
}
