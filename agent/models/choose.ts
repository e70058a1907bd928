import { calcPrice } from "@pydantic/genai-prices";
import type { ModelChoice } from "../model.ts";
import { PROVIDERS, type Provider, providerNamed } from "./providers.ts";

/** A choice with what is needed to reach it. The key stays in memory. */
export interface Reachable extends ModelChoice {
  baseURL: string;
  apiKey: string;
}

type Vars = Readonly<Record<string, string | undefined>>;

/** A model whose window nobody states has at least this many tokens. */
const SAFE_WINDOW = 32_000;

/**
 * The model that a group uses and its fallbacks, first choice first; never empty. The order of the rules is
 * docs/models.md's: a base URL, an explicit provider with a key, the model's name, OpenRouter, the key's prefix, demo.
 * @param wanted a group's own model instead of `MODEL`
 */
export function chooseModels(vars: Vars, wanted = vars.MODEL): Reachable[] {
  const first = chooseModel(vars, wanted);
  const names = (vars.MODEL_FALLBACKS ?? "").split(",").map((name) => name.trim());
  const fallbacks = names.filter(Boolean).map((name) => chooseModel(vars, name));
  return [first, ...fallbacks.filter((choice) => choice.provider !== "demo")];
}

function chooseModel(vars: Vars, model: string | undefined): Reachable {
  if (vars.API_BASE) return custom(vars, model, vars.API_BASE, "API_BASE is set");
  if (!model) return withoutModel(vars);
  return (
    byPrefix(vars, model) ??
    byName(vars, model) ??
    byOpenRouter(vars, model) ??
    byKey(vars, model) ??
    demo(noKeyFor(model))
  );
}

/** (2) `provider/model`, where that provider has a key. */
function byPrefix(vars: Vars, model: string): Reachable | undefined {
  for (const provider of PROVIDERS) {
    const prefix = provider.prefixes.find((prefix) => model.toLowerCase().startsWith(prefix));
    if (!prefix) continue;
    const base = provider.name === "vllm" ? vars.VLLM_API_BASE : undefined;
    if (base)
      return custom(
        vars,
        model.slice(prefix.length),
        base,
        `"${prefix}" names your own server, VLLM_API_BASE`,
      );
    const key = keyOf(vars, provider);
    if (key)
      return reach(
        vars,
        provider,
        model.slice(prefix.length),
        key.value,
        `MODEL names ${provider.name} and ${key.name} is set`,
      );
  }
  return undefined;
}

/** (3) The model's own name. */
function byName(vars: Vars, model: string): Reachable | undefined {
  const bare = model.slice(model.lastIndexOf("/") + 1);
  const provider = PROVIDERS.find(
    ({ models }) => models.test(model) || (!model.startsWith("@") && models.test(bare)),
  );
  const key = provider && keyOf(vars, provider);
  return provider && key
    ? reach(
        vars,
        provider,
        bare,
        key.value,
        `"${bare}" is a model of ${provider.name} and ${key.name} is set`,
      )
    : undefined;
}

/** (4) OpenRouter takes any `provider/model`. */
function byOpenRouter(vars: Vars, model: string): Reachable | undefined {
  const openrouter = providerNamed("openrouter");
  const key = keyOf(vars, openrouter);
  return key && reach(vars, openrouter, fullName(model), key.value, "OPENROUTER_API_KEY is set");
}

/** (5) `API_KEY`, by how it begins; another `sk-` is OpenAI's unless the model's name says whose it is. */
function byKey(vars: Vars, model: string | undefined): Reachable | undefined {
  const key = vars.API_KEY;
  if (!key) return undefined;
  const prefixed = PROVIDERS.find((provider) => provider.keyPrefix && key.startsWith(provider.keyPrefix));
  if (prefixed)
    return reach(
      vars,
      prefixed,
      nameFor(prefixed, model),
      key,
      `API_KEY begins with "${prefixed.keyPrefix}"`,
    );
  const named =
    model &&
    PROVIDERS.find(
      ({ models, prefixes }) => models.test(model) || prefixes.some((prefix) => model.startsWith(prefix)),
    );
  if (named)
    return reach(
      vars,
      named,
      nameFor(named, model),
      key,
      `API_KEY is set and "${model}" is a model of ${named.name}`,
    );
  if (!key.startsWith("sk-")) return undefined;
  const openai = providerNamed("openai");
  return reach(vars, openai, nameFor(openai, model), key, 'API_KEY begins with "sk-"');
}

/** The default follows the keys that are there. */
function withoutModel(vars: Vars): Reachable {
  for (const provider of PROVIDERS) {
    const key = keyOf(vars, provider);
    if (key)
      return reach(
        vars,
        provider,
        provider.defaultModel,
        key.value,
        `${key.name} is set; MODEL is not, so its usual model`,
      );
  }
  const byItsKey = byKey(vars, undefined);
  if (byItsKey) return byItsKey;
  return demo(
    vars.API_KEY
      ? "API_KEY does not tell its provider; set MODEL or API_BASE"
      : "no key is set; set API_KEY, or API_BASE for a local model",
  );
}

function custom(vars: Vars, model: string | undefined, baseURL: string, why: string): Reachable {
  const apiKey =
    vars.API_KEY ??
    keyOf(vars, providerNamed("vllm"))?.value ??
    keyOf(vars, providerNamed("openai"))?.value ??
    "none";
  // Local servers ask for some key and read none.
  return describe(
    undefined,
    model ?? "default",
    baseURL,
    apiKey,
    model ? why : `${why}; MODEL is not, so "default"`,
  );
}

function reach(vars: Vars, provider: Provider, model: string, apiKey: string, why: string): Reachable {
  const baseURL = provider.baseURL.replace("{CLOUDFLARE_ACCOUNT_ID}", vars.CLOUDFLARE_ACCOUNT_ID ?? "");
  return describe(provider, model, baseURL, apiKey, why);
}

function describe(
  provider: Provider | undefined,
  model: string,
  baseURL: string,
  apiKey: string,
  why: string,
): Reachable {
  const known = price({ inputTokens: 0, outputTokens: 0 }, model, provider);
  return {
    provider: provider?.name ?? "custom",
    model,
    why,
    baseURL: baseURL.replace(/\/+$/, ""),
    apiKey,
    contextWindow: known?.model.context_window ?? SAFE_WINDOW,
    vision: provider
      ? provider.vision.test(model)
      : /vision|-vl|llava|gemma-?3|gpt-4o|claude|gemini/i.test(model),
    price: (usage) => price(usage, model, provider)?.total_price,
  };
}

function demo(why: string): Reachable {
  return {
    provider: "demo",
    model: "demo",
    why,
    baseURL: "",
    apiKey: "",
    contextWindow: SAFE_WINDOW,
    vision: false,
    price: () => 0,
  };
}

interface Tokens {
  inputTokens: number;
  outputTokens: number;
  cachedTokens?: number;
}

/** USD by the price list, or null where the model is not in it. A server of one's own has no price. */
function price(usage: Tokens, model: string, provider: Provider | undefined) {
  if (!provider) return undefined;
  const {
    inputTokens: input_tokens,
    outputTokens: output_tokens,
    cachedTokens: cache_read_tokens = 0,
  } = usage;
  return (
    calcPrice({ input_tokens, output_tokens, cache_read_tokens }, model, { providerId: provider.priceId }) ??
    undefined
  );
}

function keyOf(vars: Vars, provider: Provider): { name: string; value: string } | undefined {
  const name = provider.keys.find((name) => vars[name]);
  return name ? { name, value: vars[name]! } : undefined;
}

/** A model's name as a provider wants it: its own prefix off. */
function nameFor(provider: Provider, model: string | undefined): string {
  if (!model) return provider.defaultModel;
  if (provider.name === "openrouter") return fullName(model);
  const prefix = provider.prefixes.find((prefix) => model.toLowerCase().startsWith(prefix));
  return prefix ? model.slice(prefix.length) : model;
}

/** `provider/model` for OpenRouter, where only the model was named. */
function fullName(model: string): string {
  const bare = model.replace(/^openrouter\//i, "");
  if (bare.includes("/")) return bare;
  const owner = PROVIDERS.find((provider) => provider.models.test(bare));
  return owner ? `${OPENROUTER_NAMES[owner.name] ?? owner.name}/${bare}` : bare;
}

/** Where OpenRouter calls a maker by another name. */
const OPENROUTER_NAMES: Record<string, string> = {
  gemini: "google",
  zhipu: "z-ai",
  moonshot: "moonshotai",
  groq: "meta-llama",
};

function noKeyFor(model: string): string {
  return `MODEL is "${model}", but no key for it is set; set API_KEY or the provider's own`;
}
