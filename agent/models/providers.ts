/** The providers that are known by name. All speak OpenAI's chat completions; the differences are data. */
export interface Provider {
  name: string;
  /** `<NAME>_API_BASE` overrides it, by the name of the first key. */
  baseURL: string;
  /** Variables that may hold the key; the first that is set wins. */
  keys: string[];
  /** What else must be set; `{NAME}` in the base URL becomes its value. */
  needs?: string;
  /** How an `API_KEY` of this provider begins, where that tells. */
  keyPrefix?: string;
  /** Beginnings of `MODEL` that name this provider and are taken off. */
  prefixes: string[];
  /** Model names that belong to this provider. */
  models: RegExp;
  /** Used without `MODEL`; without it the provider is never chosen by its key alone. */
  defaultModel?: string;
  /** Its id in the price list. */
  priceId: string;
  /** Tokens that each of its present models takes at least, for those which the price list does not know. */
  contextWindow?: number;
  /** Model names that can see pictures. */
  vision: RegExp;
  /** How OpenRouter calls it. */
  openrouterName?: string;
}

const GLM = {
  models: /^(glm|zhipu)/i,
  defaultModel: "glm-4.6",
  priceId: "zhipuai",
  contextWindow: 128_000,
  vision: /\dv/i,
  openrouterName: "z-ai",
};

/** In the order in which keys are looked at where no `MODEL` says which one to use. */
export const PROVIDERS: Provider[] = [
  {
    name: "anthropic",
    baseURL: "https://api.anthropic.com/v1",
    keys: ["ANTHROPIC_API_KEY"],
    keyPrefix: "sk-ant-",
    prefixes: ["anthropic/"],
    models: /^claude/i,
    defaultModel: "claude-sonnet-4-5",
    priceId: "anthropic",
    contextWindow: 200_000,
    vision: /./,
  },
  {
    name: "openai",
    baseURL: "https://api.openai.com/v1",
    keys: ["OPENAI_API_KEY"],
    prefixes: ["openai/"],
    // gpt-oss is served by others.
    models: /^(gpt(?!-oss)|chatgpt|o[134](?![a-z0-9]))/i,
    defaultModel: "gpt-4.1-mini",
    priceId: "openai",
    contextWindow: 128_000,
    vision: /^(gpt-4o|gpt-4\.1|gpt-[5-9]|chatgpt|o1(?!-mini|-preview)|o3(?!-mini)|o4)/i,
  },
  {
    name: "gemini",
    baseURL: "https://generativelanguage.googleapis.com/v1beta/openai",
    keys: ["GEMINI_API_KEY", "GOOGLE_API_KEY"],
    keyPrefix: "AIza",
    prefixes: ["gemini/", "google/"],
    models: /^gemini/i,
    defaultModel: "gemini-2.5-flash",
    priceId: "google",
    contextWindow: 1_000_000,
    vision: /./,
    openrouterName: "google",
  },
  {
    name: "deepseek",
    baseURL: "https://api.deepseek.com/v1",
    keys: ["DEEPSEEK_API_KEY"],
    prefixes: ["deepseek/"],
    models: /^deepseek/i,
    defaultModel: "deepseek-chat",
    priceId: "deepseek",
    contextWindow: 64_000,
    vision: /vl/i,
  },
  {
    name: "groq",
    baseURL: "https://api.groq.com/openai/v1",
    keys: ["GROQ_API_KEY"],
    keyPrefix: "gsk_",
    prefixes: ["groq/"],
    models: /^groq/i,
    defaultModel: "llama-3.3-70b-versatile",
    priceId: "groq",
    contextWindow: 128_000,
    vision: /llama-4|vision/i,
  },
  {
    name: "zhipu",
    baseURL: "https://open.bigmodel.cn/api/paas/v4",
    keys: ["ZHIPU_API_KEY", "ZHIPUAI_API_KEY"],
    prefixes: ["zhipu/", "zhipuai/"],
    ...GLM,
  },
  {
    // Zhipu abroad: other accounts, other keys, the same models.
    name: "zai",
    baseURL: "https://api.z.ai/api/paas/v4",
    keys: ["ZAI_API_KEY"],
    prefixes: ["zai/", "z-ai/"],
    ...GLM,
  },
  {
    name: "moonshot",
    baseURL: "https://api.moonshot.ai/v1",
    keys: ["MOONSHOT_API_KEY"],
    prefixes: ["moonshot/", "moonshotai/"],
    models: /^(moonshot|kimi)/i,
    defaultModel: "kimi-k2.5",
    priceId: "moonshotai",
    vision: /vision|k2\.[5-9]/i,
    openrouterName: "moonshotai",
  },
  {
    name: "openrouter",
    baseURL: "https://openrouter.ai/api/v1",
    keys: ["OPENROUTER_API_KEY"],
    keyPrefix: "sk-or-",
    prefixes: ["openrouter/"],
    // Nothing belongs to it by name: it is the way to everything else.
    models: /(?!)/,
    defaultModel: "anthropic/claude-sonnet-4.5",
    priceId: "openrouter",
    vision: /claude|gpt-4o|gpt-4\.1|gpt-5|gemini|vision|-vl|kimi-k2\.[5-9]/i,
  },
  {
    // A server of one's own. API_BASE or VLLM_API_BASE says where it is.
    name: "vllm",
    baseURL: "http://localhost:8000/v1",
    keys: ["VLLM_API_KEY", "HOSTED_VLLM_API_KEY"],
    prefixes: ["hosted_vllm/", "vllm/"],
    models: /(?!)/,
    priceId: "vllm",
    vision: /vision|-vl/i,
  },
  {
    // The token of a deployment may be set for other reasons, so it is used only where MODEL asks for it.
    name: "workers-ai",
    baseURL: "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1",
    keys: ["WORKERS_AI_API_KEY", "CLOUDFLARE_API_TOKEN"],
    needs: "CLOUDFLARE_ACCOUNT_ID",
    prefixes: ["workers-ai/"],
    models: /^@cf\//,
    priceId: "cloudflare",
    vision: /llama-4|vision/i,
  },
];

export function providerNamed(name: string): Provider {
  return PROVIDERS.find((provider) => provider.name === name)!;
}

/** The provider that the beginning of a model's name names. */
export function providerOf(model: string): { provider: Provider; rest: string } | undefined {
  for (const provider of PROVIDERS) {
    const prefix = provider.prefixes.find((prefix) => model.toLowerCase().startsWith(prefix));
    if (prefix) return { provider, rest: model.slice(prefix.length) };
  }
  return undefined;
}

/** A model's name as a provider wants it: its own prefix off; `provider/model` for OpenRouter. */
export function nameFor(provider: Provider, model: string): string {
  const named = providerOf(model);
  if (provider.name === "openrouter") return openrouterName(model, named);
  if (named?.provider === provider) return named.rest;
  // Another provider's prefix before a name that is this one's own.
  const bare = model.slice(model.lastIndexOf("/") + 1);
  return provider.models.test(bare) ? bare : model;
}

function openrouterName(model: string, named: ReturnType<typeof providerOf>): string {
  if (named && named.provider.name !== "openrouter") return `${makersName(named.provider)}/${named.rest}`;
  const name = named?.rest ?? model;
  if (name.includes("/")) return named ? openrouterName(name, providerOf(name)) : name;
  const maker = makerOf(name);
  // OpenRouter's own models, such as openrouter/auto, keep the prefix.
  return maker ? `${makersName(maker)}/${name}` : model;
}

function makersName({ name, openrouterName }: Provider): string {
  return openrouterName ?? name;
}

/** The provider whose model this is, by its prefix or its name. */
export function makerOf(model: string): Provider | undefined {
  return providerOf(model)?.provider ?? PROVIDERS.find(({ models }) => models.test(model));
}
