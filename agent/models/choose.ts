import type { ModelChoice } from "../model.ts";
import { baseOf, hostOf, isReady, keyOf, normalBase, type Vars } from "./access.ts";
import { known, SAFE_WINDOW } from "./price.ts";
import { makerOf, nameFor, PROVIDERS, type Provider, providerNamed, providerOf } from "./providers.ts";

/** A choice with what is needed to reach it. The key stays in memory: show `provider`, `model` and `why`. */
export interface Reachable extends ModelChoice {
  baseURL: string;
  /** Empty where the server asks for none. */
  apiKey: string;
}

/** What a custom endpoint is asked for without `MODEL`; servers with one model take any name. */
const UNNAMED = "default";
const CUSTOM_VISION = /vision|-vl|llava|gemma-?3|gpt-4o|gpt-4\.1|gpt-[5-9]|claude|gemini/i;

/**
 * The model that a group uses, then its fallbacks; never empty. Fallbacks are `MODEL_FALLBACKS`, comma-separated; one
 * that names a provider with a key goes there even beside an `API_BASE`, since that is what it is for.
 * @param wanted a group's own model instead of `MODEL`
 */
export function chooseModels(vars: Vars, wanted?: string): Reachable[] {
  const first = chooseModel(vars, wanted);
  const names = (vars.MODEL_FALLBACKS ?? "").split(",").map((name) => name.trim());
  const fallbacks = names.filter(Boolean).map((name) => byPrefix(vars, name) ?? chooseModel(vars, name));
  return [first, ...fallbacks.filter((choice) => choice.provider !== "demo")];
}

/**
 * One model. The order of the rules: (1) `API_BASE`, (2) an explicit `provider/model` whose provider has a key,
 * (3) the model's name where its provider has a key, (4) OpenRouter, (5) `API_KEY` by how it begins, (6) the only key
 * that is set, (7) the demo model.
 * Without a model the default follows the keys. Pure: no network, no clock.
 */
export function chooseModel(vars: Vars, wanted?: string): Reachable {
  const model = wanted?.trim() || vars.MODEL?.trim();
  if (vars.API_BASE?.trim()) return byBase(vars, model, vars.API_BASE);
  if (!model) return byKeys(vars) ?? byApiKey(vars, undefined) ?? demo(withoutKey(vars));
  return (
    byPrefix(vars, model) ??
    byName(vars, model) ??
    byOpenRouter(vars, model) ??
    byApiKey(vars, model) ??
    byOnlyKey(vars, model) ??
    demo(noKeyFor(model))
  );
}

/** (1) A base URL of one's own: any key that belongs to it, or none. */
function byBase(vars: Vars, model: string | undefined, base: string): Reachable {
  const baseURL = normalBase(base);
  if (!baseURL) return demo("API_BASE is not an address; write e.g. http://localhost:11434/v1");
  const host = PROVIDERS.find((provider) => hostOf(baseOf(vars, provider)) === hostOf(baseURL));
  const name = !model
    ? (host?.defaultModel ?? UNNAMED)
    : host
      ? nameFor(host, model)
      : model.replace(/^hosted_vllm\//i, "");
  const apiKey = vars.API_KEY?.trim() || baseKey(vars, host, model, baseURL);
  return describe(
    undefined,
    name,
    baseURL,
    apiKey,
    model ? "API_BASE is set" : `API_BASE is set; MODEL is not, so "${name}"`,
  );
}

/** A provider's key goes to another host only where the model names that provider. */
function baseKey(vars: Vars, host: Provider | undefined, model: string | undefined, baseURL: string): string {
  const named = model ? makerOf(model) : undefined;
  const paired =
    vars.OPENAI_BASE_URL && normalBase(vars.OPENAI_BASE_URL) === baseURL
      ? providerNamed("openai")
      : undefined;
  const owners = [host, named, paired, providerNamed("vllm")];
  return owners.flatMap((owner) => (owner ? (keyOf(vars, owner)?.value ?? []) : []))[0] ?? "";
}

/** (2) `provider/model`, where that provider has a key; a server of one's own may need none. */
function byPrefix(vars: Vars, model: string): Reachable | undefined {
  const named = providerOf(model);
  if (!named?.rest) return undefined;
  const { provider } = named;
  const key = keyOf(vars, provider);
  if (key)
    return reach(
      vars,
      provider,
      model,
      key.value,
      `"${model}" names ${provider.name} and ${key.name} is set`,
    );
  if (provider.name !== "vllm") return undefined;
  return vars.VLLM_API_BASE
    ? reach(vars, provider, model, "", `"${model}" names your own server, VLLM_API_BASE`)
    : demo(noServerFor(model));
}

/** (3) The model's own name, also behind another provider's prefix. */
function byName(vars: Vars, model: string): Reachable | undefined {
  const bare = model.startsWith("@") ? model : model.slice(model.lastIndexOf("/") + 1);
  for (const provider of PROVIDERS.filter(({ models }) => models.test(model) || models.test(bare))) {
    const key = keyOf(vars, provider);
    if (key)
      return reach(
        vars,
        provider,
        model,
        key.value,
        `"${bare}" is a model of ${provider.name} and ${key.name} is set`,
      );
  }
  return undefined;
}

/** (4) OpenRouter takes any `provider/model`. */
function byOpenRouter(vars: Vars, model: string): Reachable | undefined {
  const openrouter = providerNamed("openrouter");
  const key = keyOf(vars, openrouter);
  return (
    key &&
    reach(
      vars,
      openrouter,
      model,
      key.value,
      `${key.name} is set, and OpenRouter has models of all providers`,
    )
  );
}

/** (5) `API_KEY`, by how it begins; another `sk-` is OpenAI's unless the model's name says whose it is. */
function byApiKey(vars: Vars, model: string | undefined): Reachable | undefined {
  const key = vars.API_KEY?.trim();
  if (!key) return undefined;
  const telling = PROVIDERS.find(({ keyPrefix }) => keyPrefix && key.startsWith(keyPrefix));
  if (telling) return reach(vars, telling, model, key, `API_KEY begins with "${telling.keyPrefix}"`);
  const named = model ? makerOf(model) : undefined;
  if (named && isReady(vars, named))
    return reach(vars, named, model, key, `API_KEY is set and "${model}" is a model of ${named.name}`);
  if (!key.startsWith("sk-")) return undefined;
  return reach(vars, providerNamed("openai"), model, key, 'API_KEY begins with "sk-"');
}

/** A name that is nobody's, such as `llama-3.3-70b`, belongs to the one provider that has a key. */
function byOnlyKey(vars: Vars, model: string): Reachable | undefined {
  if (makerOf(model)) return undefined;
  const ready = PROVIDERS.filter((provider) => provider.defaultModel && keyOf(vars, provider));
  const [provider, ...others] = ready;
  const key = provider && others.length === 0 ? keyOf(vars, provider) : undefined;
  return key && reach(vars, provider!, model, key.value, `${key.name} is the only key that is set`);
}

/** Without a model: the usual one of the first provider that has a key. */
function byKeys(vars: Vars): Reachable | undefined {
  for (const provider of PROVIDERS) {
    const key = provider.defaultModel ? keyOf(vars, provider) : undefined;
    if (key)
      return reach(
        vars,
        provider,
        undefined,
        key.value,
        `${key.name} is set; MODEL is not, so "${provider.defaultModel}"`,
      );
  }
  return undefined;
}

function reach(
  vars: Vars,
  provider: Provider,
  model: string | undefined,
  apiKey: string,
  why: string,
): Reachable {
  const name = model ? nameFor(provider, model) : (provider.defaultModel ?? UNNAMED);
  return describe(provider, name, baseOf(vars, provider), apiKey, why);
}

function describe(
  provider: Provider | undefined,
  model: string,
  baseURL: string,
  apiKey: string,
  why: string,
): Reachable {
  const vision = (provider?.vision ?? CUSTOM_VISION).test(model);
  return {
    provider: provider?.name ?? "custom",
    model,
    why,
    baseURL,
    apiKey,
    vision,
    ...known(model, baseURL, provider),
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

function withoutKey(vars: Vars): string {
  return vars.API_KEY
    ? "API_KEY does not tell its provider; set MODEL or API_BASE too"
    : "no key is set; set API_KEY, or API_BASE for a local model";
}

function noKeyFor(model: string): string {
  return `no key for the model "${model}" is set; set API_KEY or the provider's own`;
}

function noServerFor(model: string): string {
  return `"${model}" is a model of your own server; set API_BASE to its address`;
}
