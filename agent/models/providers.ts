/** The providers that are known by name. All speak OpenAI's chat completions; the differences are data. */
export interface Provider {
  name: string;
  baseURL: string;
  /** Variables that may hold the key, the first that is set wins. */
  keys: string[];
  /** How `API_KEY` of this provider begins, where that tells. */
  keyPrefix?: string;
  /** Prefixes of `MODEL` that name this provider and are taken off. */
  prefixes: string[];
  /** Model names that belong to this provider. */
  models: RegExp;
  /** Used without `MODEL`. */
  defaultModel: string;
  /** The provider's id in the price list; also where it differs from `name`. */
  priceId: string;
  /** Model names that can see pictures. */
  vision: RegExp;
}

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
    vision: /./,
  },
  {
    name: "openai",
    baseURL: "https://api.openai.com/v1",
    keys: ["OPENAI_API_KEY"],
    prefixes: ["openai/"],
    models: /^(gpt|chatgpt|o1|o3|o4)/i,
    defaultModel: "gpt-4.1-mini",
    priceId: "openai",
    vision: /^(gpt-4o|gpt-4\.1|gpt-5|chatgpt|o1|o3|o4)/i,
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
    vision: /./,
  },
  {
    name: "deepseek",
    baseURL: "https://api.deepseek.com/v1",
    keys: ["DEEPSEEK_API_KEY"],
    prefixes: ["deepseek/"],
    models: /^deepseek/i,
    defaultModel: "deepseek-chat",
    priceId: "deepseek",
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
    vision: /llama-4|vision/i,
  },
  {
    name: "zhipu",
    baseURL: "https://open.bigmodel.cn/api/paas/v4",
    keys: ["ZHIPU_API_KEY", "ZAI_API_KEY"],
    prefixes: ["zhipu/", "zai/", "zhipuai/"],
    models: /^(glm|zhipu)/i,
    defaultModel: "glm-4.6",
    priceId: "zhipuai",
    vision: /v$/i,
  },
  {
    name: "moonshot",
    baseURL: "https://api.moonshot.ai/v1",
    keys: ["MOONSHOT_API_KEY"],
    prefixes: ["moonshot/", "moonshotai/"],
    models: /^(moonshot|kimi)/i,
    defaultModel: "kimi-k2-0905-preview",
    priceId: "moonshotai",
    vision: /vision|k2\.5/i,
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
    vision: /claude|gpt-4o|gpt-4\.1|gpt-5|gemini|vision|-vl/i,
  },
  {
    name: "vllm",
    // A server of one's own: VLLM_API_BASE or API_BASE names it.
    baseURL: "http://localhost:8000/v1",
    keys: ["VLLM_API_KEY", "HOSTED_VLLM_API_KEY"],
    prefixes: ["hosted_vllm/", "vllm/"],
    models: /(?!)/,
    defaultModel: "default",
    priceId: "vllm",
    vision: /vision|-vl/i,
  },
  {
    name: "workers-ai",
    // The account id takes the place of the braces.
    baseURL: "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1",
    keys: ["WORKERS_AI_API_KEY", "CLOUDFLARE_API_TOKEN"],
    prefixes: ["workers-ai/"],
    models: /^@cf\//,
    defaultModel: "@cf/meta/llama-3.3-70b-instruct-fp8-fast",
    priceId: "cloudflare",
    vision: /llama-4|vision/i,
  },
];

export function providerNamed(name: string): Provider {
  return PROVIDERS.find((provider) => provider.name === name)!;
}
