import prices from "./prices.json" with { type: "json" };

/** How the list names models: by their whole name or a part of it. */
export type Match =
  | { equals: string }
  | { starts_with: string }
  | { ends_with: string }
  | { contains: string }
  | { regex: string }
  | { or: Match[] }
  | { and: Match[] };

/** USD of a million, or by how many tokens the whole input has. */
export type Rate = number | { base: number; tiers: { start: number; price: number }[] };

/** USD: of a million tokens (`mtok`), of a thousand requests (`kcount`), of an hour of sound. */
export interface Rates {
  input_mtok?: Rate;
  output_mtok?: Rate;
  cache_read_mtok?: Rate;
  requests_kcount?: number;
  audio_hours?: number;
  input_audio_hours?: number;
}

export interface PricedModel {
  id: string;
  match: Match;
  /** Tokens. */
  window?: number;
  rates: Rates;
}

export interface PricedProvider {
  id: string;
  /** A regular expression for the beginning of its API's address. */
  api: string;
  /** Models that are this provider's wherever they are named. */
  model?: Match;
  /** Providers that sell its other models. */
  fallback?: string[];
  models: PricedModel[];
}

/**
 * The providers and models of `@pydantic/genai-prices`, without what is not needed here: the package itself is 76 KB of
 * a Worker's upload. `npx vitest -u --project unit test/unit/models/price-list.test.ts` writes the list anew after an
 * update of the package; the same test compares each price with the package's own. Of prices that depend on a date the
 * newest is kept, of those that depend on the hour the dearest: a budget may end early, never late.
 */
export const PRICES = prices as unknown as readonly PricedProvider[];

/** Where a model is bought: a provider's name, an API's address, or nothing known. */
export interface Where {
  providerId?: string;
  providerApiUrl?: string;
}

/** A model of the list, by the name that a person or a provider wrote. */
export function find(name: string, where: Where): PricedModel | undefined {
  const wanted = name.toLowerCase().trim();
  const provider = providerOf(wanted, where);
  return provider && (modelOf(provider, wanted) ?? modelOf(provider, withDashedDate(wanted)));
}

function providerOf(model: string, { providerId, providerApiUrl }: Where): PricedProvider | undefined {
  if (providerId) return PRICES.find(({ id }) => id === providerId);
  if (providerApiUrl) return PRICES.find(({ api }) => new RegExp(`^(?:${api})`).test(providerApiUrl));
  return PRICES.find((provider) => provider.model && fits(provider.model, model));
}

function modelOf(provider: PricedProvider, name: string): PricedModel | undefined {
  const own = provider.models.find(({ match }) => fits(match, name));
  if (own) return own;
  const others = provider.fallback?.map((id) => PRICES.find((other) => other.id === id)) ?? [];
  return others.map((other) => other && modelOf(other, name)).find(Boolean);
}

function fits(match: Match, name: string): boolean {
  if ("or" in match) return match.or.some((part) => fits(part, name));
  if ("and" in match) return match.and.every((part) => fits(part, name));
  if ("equals" in match) return name === match.equals.toLowerCase();
  if ("starts_with" in match) return name.startsWith(match.starts_with.toLowerCase());
  if ("ends_with" in match) return name.endsWith(match.ends_with.toLowerCase());
  if ("contains" in match) return name.includes(match.contains.toLowerCase());
  return new RegExp(match.regex).test(name);
}

/** `model-20260131` is `model-2026-01-31`. */
function withDashedDate(name: string): string {
  return name.replace(/-(20\d{2})(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?=-|:|$)/g, "-$1-$2-$3");
}
