import type { ModelChoice } from "../model.ts";
import { find, type Rate, type Rates, type Where } from "./price-list.ts";
import type { Provider } from "./providers.ts";

/** A model whose window nobody states has at least this many tokens. */
export const SAFE_WINDOW = 32_000;

interface Known {
  contextWindow: number;
  price: ModelChoice["price"];
}

type Tokens = Parameters<ModelChoice["price"]>[0];

/**
 * What the price list says of a model: its window in tokens, its price in USD. A custom endpoint has a price only
 * where its host is a provider's that the list knows.
 */
export function known(model: string, baseURL: string, provider?: Provider): Known {
  const where = whereOf(baseURL, provider);
  const priced = find(model, where);
  const window = (priced ?? find(model, {}))?.window;
  return {
    contextWindow: window ?? provider?.contextWindow ?? SAFE_WINDOW,
    price: (usage) => priced && tokenPrice(priced.rates, usage),
  };
}

function whereOf(baseURL: string, provider: Provider | undefined): Where {
  return provider ? { providerId: provider.priceId } : { providerApiUrl: baseURL };
}

/** Cached tokens are a part of the input; where they have no rate of their own, they cost as much as the others. */
function tokenPrice(rates: Rates, { inputTokens, outputTokens, cachedTokens = 0 }: Tokens): number {
  const cached = Math.min(cachedTokens, inputTokens);
  const priceOf = (rate: Rate = 0, tokens: number) => (rateOf(rate, inputTokens) * tokens) / 1e6;
  const input =
    rates.cache_read_mtok === undefined
      ? priceOf(rates.input_mtok, inputTokens)
      : priceOf(rates.input_mtok, inputTokens - cached) + priceOf(rates.cache_read_mtok, cached);
  return input + priceOf(rates.output_mtok, outputTokens) + (rates.requests_kcount ?? 0) / 1000;
}

/** A long input makes all of a request dearer, not only what is beyond the step. */
function rateOf(rate: Rate, inputTokens: number): number {
  if (typeof rate === "number") return rate;
  return rate.tiers.findLast(({ start }) => inputTokens > start)?.price ?? rate.base;
}

/** Groq bills at least so many seconds of speech (https://groq.com/pricing). */
const GROQ_LEAST_SECONDS = 10;

/** What so many seconds of audio cost in USD, a provider's shortest billed length included. */
export function audioPrice(model: string, baseURL: string, provider?: Provider) {
  const priced = find(model, whereOf(baseURL, provider));
  return (seconds: number): number | undefined => {
    if (!priced) return undefined;
    const { audio_hours, input_audio_hours, requests_kcount = 0 } = priced.rates;
    const billed = priced.id.startsWith("whisper-large-v3") ? Math.max(seconds, GROQ_LEAST_SECONDS) : seconds;
    return ((audio_hours ?? input_audio_hours ?? 0) * billed) / 3600 + requests_kcount / 1000;
  };
}
