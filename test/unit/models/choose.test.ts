import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseModel, chooseModels } from "../../../agent/models/choose.ts";
import { PROVIDERS } from "../../../agent/models/providers.ts";

type Vars = Record<string, string>;

const local = { API_BASE: "http://localhost:11434/v1" };
const keys = (...names: string[]): Vars =>
  Object.fromEntries(names.map((name) => [`${name}_API_KEY`, `key-of-${name}`]));

test.each<[string, Vars, string, string]>([
  [
    "1: API_BASE before any key",
    { ...local, MODEL: "llama3.1:8b", ...keys("OPENAI", "ANTHROPIC") },
    "custom",
    "llama3.1:8b",
  ],
  [
    "1: the model as given, slashes and all",
    { ...local, MODEL: "Qwen/Qwen3-32B" },
    "custom",
    "Qwen/Qwen3-32B",
  ],
  [
    "1: hosted_vllm/ is only a mark",
    { ...local, MODEL: "hosted_vllm/Qwen/Qwen3-32B" },
    "custom",
    "Qwen/Qwen3-32B",
  ],
  [
    "2: an explicit provider",
    { MODEL: "groq/llama-3.3-70b-versatile", ...keys("GROQ", "OPENROUTER") },
    "groq",
    "llama-3.3-70b-versatile",
  ],
  [
    "2: its rest may have slashes",
    { MODEL: "groq/openai/gpt-oss-120b", ...keys("GROQ", "OPENAI") },
    "groq",
    "openai/gpt-oss-120b",
  ],
  [
    "2: gemini/",
    { MODEL: "gemini/gemini-2.5-pro", ...keys("GEMINI", "OPENROUTER") },
    "gemini",
    "gemini-2.5-pro",
  ],
  [
    "2: google/ with the other key's name",
    { MODEL: "google/gemini-2.5-pro", ...keys("GOOGLE") },
    "gemini",
    "gemini-2.5-pro",
  ],
  ["2: zai/", { MODEL: "zai/glm-4.6", ...keys("ZAI", "ZHIPU") }, "zai", "glm-4.6"],
  [
    "2: openrouter/ keeps the maker",
    { MODEL: "openrouter/anthropic/claude-sonnet-4.5", ...keys("OPENROUTER", "ANTHROPIC") },
    "openrouter",
    "anthropic/claude-sonnet-4.5",
  ],
  [
    "2: a model of OpenRouter's own keeps the prefix",
    { MODEL: "openrouter/auto", ...keys("OPENROUTER") },
    "openrouter",
    "openrouter/auto",
  ],
  [
    "2: any case",
    { MODEL: "Anthropic/claude-sonnet-4-5", ...keys("ANTHROPIC") },
    "anthropic",
    "claude-sonnet-4-5",
  ],
  [
    "3: claude",
    { MODEL: "claude-opus-4-1", ...keys("ANTHROPIC", "OPENAI", "OPENROUTER") },
    "anthropic",
    "claude-opus-4-1",
  ],
  ["3: gpt", { MODEL: "gpt-4o", ...keys("ANTHROPIC", "OPENAI", "OPENROUTER") }, "openai", "gpt-4o"],
  ["3: o1", { MODEL: "o1-mini", ...keys("OPENAI", "OPENROUTER") }, "openai", "o1-mini"],
  ["3: o3", { MODEL: "o3", ...keys("OPENAI", "OPENROUTER") }, "openai", "o3"],
  ["3: gemini", { MODEL: "gemini-2.5-flash", ...keys("GEMINI", "OPENROUTER") }, "gemini", "gemini-2.5-flash"],
  [
    "3: deepseek",
    { MODEL: "deepseek-reasoner", ...keys("DEEPSEEK", "OPENROUTER") },
    "deepseek",
    "deepseek-reasoner",
  ],
  ["3: glm at whichever has the key", { MODEL: "glm-4.6", ...keys("ZAI", "OPENROUTER") }, "zai", "glm-4.6"],
  ["3: zhipu/ with the key from abroad", { MODEL: "zhipu/glm-4.6", ...keys("ZAI") }, "zai", "glm-4.6"],
  ["3: kimi", { MODEL: "kimi-k2.5", ...keys("MOONSHOT", "OPENROUTER") }, "moonshot", "kimi-k2.5"],
  [
    "3: behind another's prefix",
    { MODEL: "openrouter/anthropic/claude-3-haiku", ...keys("ANTHROPIC") },
    "anthropic",
    "claude-3-haiku",
  ],
  [
    "4: OpenRouter with the full name",
    { MODEL: "meta-llama/llama-3.3-70b-instruct", ...keys("OPENROUTER", "OPENAI") },
    "openrouter",
    "meta-llama/llama-3.3-70b-instruct",
  ],
  [
    "4: the maker is added",
    { MODEL: "claude-sonnet-4.5", ...keys("OPENROUTER") },
    "openrouter",
    "anthropic/claude-sonnet-4.5",
  ],
  [
    "4: under the name it has there",
    { MODEL: "gemini/gemini-2.5-pro", ...keys("OPENROUTER") },
    "openrouter",
    "google/gemini-2.5-pro",
  ],
  ["4: zai/ is z-ai/ there", { MODEL: "zai/glm-4.6", ...keys("OPENROUTER") }, "openrouter", "z-ai/glm-4.6"],
  ["5: sk-or-", { MODEL: "gpt-4o", API_KEY: "sk-or-v1-abc" }, "openrouter", "openai/gpt-4o"],
  [
    "5: sk-ant-",
    { MODEL: "anthropic/claude-sonnet-4-5", API_KEY: "sk-ant-abc" },
    "anthropic",
    "claude-sonnet-4-5",
  ],
  ["5: gsk_", { MODEL: "llama-3.3-70b-versatile", API_KEY: "gsk_abc" }, "groq", "llama-3.3-70b-versatile"],
  ["5: AIza", { MODEL: "gemini-2.5-flash", API_KEY: "AIzaSyabc" }, "gemini", "gemini-2.5-flash"],
  ["5: another sk- is OpenAI's", { MODEL: "ft:my-model", API_KEY: "sk-proj-abc" }, "openai", "ft:my-model"],
  [
    "5: unless the model names another",
    { MODEL: "deepseek-chat", API_KEY: "sk-abc" },
    "deepseek",
    "deepseek-chat",
  ],
  ["5: a prefix names it too", { MODEL: "moonshot/kimi-k2.5", API_KEY: "sk-abc" }, "moonshot", "kimi-k2.5"],
  ["5: a key without a telling beginning", { MODEL: "glm-4.6", API_KEY: "abc.def" }, "zhipu", "glm-4.6"],
  [
    "a name that is nobody's goes to the only key",
    { MODEL: "llama-3.3-70b-versatile", ...keys("GROQ") },
    "groq",
    "llama-3.3-70b-versatile",
  ],
  ["6: no key at all", {}, "demo", "demo"],
  ["6: a model, no key", { MODEL: "gpt-4o" }, "demo", "demo"],
  [
    "6: a model of one provider, the key of another",
    { MODEL: "claude-opus-4-1", ...keys("GROQ") },
    "demo",
    "demo",
  ],
  [
    "6: a server of one's own without its address",
    { MODEL: "hosted_vllm/llama", ...keys("OPENROUTER") },
    "demo",
    "demo",
  ],
  ["6: a key that tells nothing", { API_KEY: "abc" }, "demo", "demo"],
  [
    "Workers AI where MODEL asks for it",
    { MODEL: "@cf/meta/llama-3.1-8b-instruct", CLOUDFLARE_ACCOUNT_ID: "acc", CLOUDFLARE_API_TOKEN: "t" },
    "workers-ai",
    "@cf/meta/llama-3.1-8b-instruct",
  ],
  [
    "Workers AI by prefix",
    {
      MODEL: "workers-ai/@cf/meta/llama-3.1-8b-instruct",
      CLOUDFLARE_ACCOUNT_ID: "acc",
      CLOUDFLARE_API_TOKEN: "t",
    },
    "workers-ai",
    "@cf/meta/llama-3.1-8b-instruct",
  ],
  [
    "a deploy token alone chooses nothing",
    { CLOUDFLARE_ACCOUNT_ID: "acc", CLOUDFLARE_API_TOKEN: "t" },
    "demo",
    "demo",
  ],
])("%s", (_, vars, provider, model) => {
  expect(chooseModel(vars)).toMatchObject({ provider, model });
});

test("without MODEL the default follows the keys, for every provider that has one", () => {
  for (const { name, keys, defaultModel } of PROVIDERS.filter(({ defaultModel }) => defaultModel)) {
    for (const key of keys)
      expect(chooseModel({ [key]: "k" })).toMatchObject({ provider: name, model: defaultModel });
  }
  expect(chooseModel({ API_KEY: "gsk_1" })).toMatchObject({
    provider: "groq",
    model: "llama-3.3-70b-versatile",
  });
});

test("a local server needs no key and no model", () => {
  expect(chooseModel(local)).toMatchObject({
    provider: "custom",
    baseURL: local.API_BASE,
    apiKey: "",
    model: "default",
  });
  expect(chooseModel(local).why).toContain("MODEL is not");
});

test.each([
  ["http://localhost:11434/v1/", "http://localhost:11434/v1"],
  ["http://localhost:11434/v1/chat/completions", "http://localhost:11434/v1"],
  [" https://proxy.example/api/v1 ", "https://proxy.example/api/v1"],
])("takes an address as people paste it: %s", (API_BASE, baseURL) => {
  expect(chooseModel({ API_BASE, MODEL: "x" })).toMatchObject({ provider: "custom", baseURL });
});

test.each(["localhost:11434/v1", "not an address", "ftp://host/v1"])(
  "says what is wrong with an address that is none: %s",
  (API_BASE) => {
    const choice = chooseModel({ API_BASE, MODEL: "x", ...keys("OPENAI") });
    expect(choice).toMatchObject({ provider: "demo" });
    expect(choice.why).toContain("API_BASE");
  },
);

test("a provider's key goes to another host only where the model names that provider", () => {
  const API_BASE = "https://proxy.example/v1";
  const key = (vars: Vars) => chooseModel({ API_BASE, ...vars }).apiKey;
  expect(key({ MODEL: "llama3", ...keys("OPENAI", "ANTHROPIC") })).toBe("");
  expect(key({ MODEL: "gpt-4o", ...keys("OPENAI", "ANTHROPIC") })).toBe("key-of-OPENAI");
  expect(key({ MODEL: "llama3", ...keys("OPENAI"), OPENAI_BASE_URL: API_BASE })).toBe("key-of-OPENAI");
  expect(key({ MODEL: "llama3", API_KEY: "mine", ...keys("OPENAI") })).toBe("mine");
  expect(
    chooseModel({ API_BASE: "https://api.groq.com/openai/v1", MODEL: "x", ...keys("GROQ") }).apiKey,
  ).toBe("key-of-GROQ");
});

test("the group's own model stands before MODEL", () => {
  const vars = { MODEL: "gpt-4o", ...keys("OPENAI", "ANTHROPIC") };
  expect(chooseModels(vars, "claude-opus-4-1")[0]).toMatchObject({
    provider: "anthropic",
    model: "claude-opus-4-1",
  });
  expect(chooseModels(vars)[0]).toMatchObject({ provider: "openai", model: "gpt-4o" });
});

test("fallbacks follow in their order; one without a key is left out", () => {
  const vars = {
    MODEL: "gpt-4o",
    MODEL_FALLBACKS: "claude-opus-4-1, ,deepseek-chat, gemini/gemini-2.5-flash",
    ...keys("OPENAI", "ANTHROPIC", "GEMINI"),
  };
  expect(chooseModels(vars).map(({ provider }) => provider)).toEqual(["openai", "anthropic", "gemini"]);
});

test("beside an API_BASE a fallback stays there unless it names a provider with a key", () => {
  const vars = {
    ...local,
    MODEL: "big",
    MODEL_FALLBACKS: "small,openai/gpt-4o-mini,groq/x",
    ...keys("OPENAI"),
  };
  expect(chooseModels(vars).map(({ provider, model }) => [provider, model])).toEqual([
    ["custom", "big"],
    ["custom", "small"],
    ["openai", "gpt-4o-mini"],
    ["custom", "groq/x"],
  ]);
});

test("puts the account into the address of Workers AI, and wants one", () => {
  const vars = { MODEL: "workers-ai/@cf/x", CLOUDFLARE_API_TOKEN: "t" };
  expect(chooseModel({ ...vars, CLOUDFLARE_ACCOUNT_ID: "acc1" }).baseURL).toBe(
    "https://api.cloudflare.com/client/v4/accounts/acc1/ai/v1",
  );
  expect(chooseModel(vars).provider).toBe("demo");
});

test("a provider's address can be changed", () => {
  expect(
    chooseModel({ MODEL: "kimi-k2.5", ...keys("MOONSHOT"), MOONSHOT_API_BASE: "https://api.moonshot.cn/v1/" })
      .baseURL,
  ).toBe("https://api.moonshot.cn/v1");
  expect(chooseModel({ MODEL: "hosted_vllm/llama", VLLM_API_BASE: "http://gpu:8000/v1" })).toMatchObject({
    provider: "vllm",
    model: "llama",
    baseURL: "http://gpu:8000/v1",
    apiKey: "",
  });
});

test("knows window, price and sight from the price list, and guesses low where it does not", () => {
  const known = chooseModel({ MODEL: "claude-sonnet-4-5", ...keys("ANTHROPIC") });
  expect(known.contextWindow).toBe(200_000);
  expect(known.vision).toBe(true);
  expect(known.price({ inputTokens: 1_000_000, outputTokens: 0 })).toBeGreaterThan(1);
  const cheaper = known.price({ inputTokens: 1000, outputTokens: 0, cachedTokens: 1000 })!;
  expect(cheaper).toBeLessThan(known.price({ inputTokens: 1000, outputTokens: 0 })!);
  const unknown = chooseModel({ ...local, MODEL: "my-own-model" });
  expect(unknown.price({ inputTokens: 1000, outputTokens: 1000 })).toBeUndefined();
  expect(unknown.contextWindow).toBe(32_000);
  expect(unknown.vision).toBe(false);
});

test("a price never throws, whatever a provider counts", () => {
  const { price } = chooseModel({ MODEL: "gpt-4o", ...keys("OPENAI") });
  const count = fc.nat({ max: 10_000_000 });
  fc.assert(
    fc.property(count, count, count, (inputTokens, outputTokens, cachedTokens) => {
      expect(price({ inputTokens, outputTokens, cachedTokens })).toBeGreaterThanOrEqual(0);
    }),
  );
});

const names = [
  ...new Set(PROVIDERS.flatMap(({ keys }) => keys)),
  "API_KEY",
  "MODEL",
  "MODEL_FALLBACKS",
  "API_BASE",
];
const models = [
  "gpt-4o",
  "claude-x",
  "openrouter/a/b",
  "hosted_vllm/a",
  "@cf/a/b",
  "zai/glm",
  "a/b/c",
  "x",
  "",
  "/",
];

test("chooses something with a reason for any variables, and never shows a key", () => {
  const vars = fc.dictionary(
    fc.constantFrom(...names),
    fc.stringMatching(/^(sk-|sk-or-|gsk_|AIza|)SECRET[a-z]{8}$/),
  );
  fc.assert(
    fc.property(vars, fc.constantFrom(...models), fc.boolean(), (secrets, MODEL, base) => {
      const chosen = chooseModels({
        ...secrets,
        MODEL,
        MODEL_FALLBACKS: models.join(","),
        ...(base ? local : { API_BASE: "" }),
      });
      expect(chosen.length).toBeGreaterThan(0);
      for (const { why, model, provider, contextWindow } of chosen) {
        expect(why.length).toBeGreaterThan(5);
        expect(why + model + provider).not.toContain("SECRET");
        expect(contextWindow).toBeGreaterThan(0);
      }
    }),
  );
});
