import { calcPrice } from "@pydantic/genai-prices";
import type { ModelChoice } from "../model.ts";
import type { Provider } from "./providers.ts";

/** A model whose window nobody states has at least this many tokens. */
export const SAFE_WINDOW = 32_000;

interface Known {
  contextWindow: number;
  price: ModelChoice["price"];
}

/**
 * What the price list says of a model: its window in tokens, its price in USD. A custom endpoint has a price only
 * where its host is a provider's that the list knows.
 */
export function known(model: string, baseURL: string, provider?: Provider): Known {
  const where = provider ? { providerId: provider.priceId } : { providerApiUrl: baseURL };
  const window =
    look({ inputTokens: 0, outputTokens: 0 }, model, where) ??
    look({ inputTokens: 0, outputTokens: 0 }, model, {});
  return {
    contextWindow: window?.model.context_window ?? provider?.contextWindow ?? SAFE_WINDOW,
    price: (usage) => look(usage, model, where)?.total_price,
  };
}

type Tokens = Parameters<ModelChoice["price"]>[0];

function look(usage: Tokens, model: string, where: { providerId?: string; providerApiUrl?: string }) {
  const { inputTokens: input_tokens, outputTokens: output_tokens, cachedTokens = 0 } = usage;
  // The list refuses a part that is larger than its whole.
  const cache_read_tokens = Math.min(cachedTokens, input_tokens);
  return calcPrice({ input_tokens, output_tokens, cache_read_tokens }, model, where) ?? undefined;
}

/** What the list takes for so many seconds of audio, a provider's shortest billed length included. */
export function audioPrice(model: string, baseURL: string, provider?: Provider) {
  const where = provider ? { providerId: provider.priceId } : { providerApiUrl: baseURL };
  return (seconds: number): number | undefined =>
    calcPrice({ audio_seconds: seconds }, model, where)?.total_price ?? undefined;
}
