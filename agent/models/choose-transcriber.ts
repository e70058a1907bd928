import { baseOf, hostOf, keyOf, normalBase, type Vars } from "./access.ts";
import { chooseModel } from "./choose.ts";
import { audioPrice } from "./price.ts";
import { type Provider, providerNamed } from "./providers.ts";

/** Who writes down what is said in voice messages. The key stays in memory: show `provider` and `model`. */
export interface Transcriber {
  /** `groq`, `openai`, or `custom` for an endpoint of one's own. */
  provider: string;
  model: string;
  baseURL: string;
  /** Empty where the server asks for none. */
  apiKey: string;
  /** USD for so many seconds of audio, or undefined where no price is known. */
  price(seconds: number): number | undefined;
}

/** What each provider is asked for, in the order in which their keys are looked at. */
const MODELS = { groq: "whisper-large-v3", openai: "whisper-1" } as const;

/**
 * The order of the rules: (1) `API_BASE` with `TRANSCRIPTION_MODEL`, since many endpoints cannot hear, (2) a key of
 * Groq's, (3) a key of OpenAI's, (4) an `API_KEY` that is one of theirs. Undefined where nobody can. Pure.
 */
export function chooseTranscriber(vars: Vars): Transcriber | undefined {
  return byBase(vars) ?? byKey(vars, "groq") ?? byKey(vars, "openai") ?? byApiKey(vars);
}

/** How `status` names it. */
export function transcriberName(vars: Vars): string {
  const chosen = chooseTranscriber(vars);
  return chosen ? `${chosen.provider}/${chosen.model}` : "not set up";
}

function byBase(vars: Vars): Transcriber | undefined {
  const model = vars.TRANSCRIPTION_MODEL?.trim();
  if (!model || !normalBase(vars.API_BASE ?? "")) return undefined;
  const { baseURL, apiKey } = chooseModel(vars);
  return { provider: "custom", model, baseURL, apiKey, price: audioPrice(model, baseURL) };
}

function byKey(vars: Vars, name: keyof typeof MODELS): Transcriber | undefined {
  const provider = providerNamed(name);
  const key = keyOf(vars, provider);
  const foreign = name === "openai" && vars.OPENAI_BASE_URL && !isAt(vars, provider, vars.OPENAI_BASE_URL);
  // Beside OPENAI_BASE_URL the key is that server's and goes nowhere else.
  return key && !foreign ? reach(vars, name, key.value) : undefined;
}

/** Beside an `API_BASE` the key belongs to that server. */
function byApiKey(vars: Vars): Transcriber | undefined {
  const { API_KEY, API_BASE, MODEL } = vars;
  const { provider } = chooseModel({ API_KEY, MODEL });
  if (provider !== "groq" && provider !== "openai") return undefined;
  if (API_BASE?.trim() && !isAt(vars, providerNamed(provider), API_BASE)) return undefined;
  return reach(vars, provider, API_KEY!.trim());
}

function isAt(vars: Vars, provider: Provider, base: string): boolean {
  return hostOf(baseOf(vars, provider)) === hostOf(base.trim());
}

function reach(vars: Vars, name: keyof typeof MODELS, apiKey: string): Transcriber {
  const provider = providerNamed(name);
  const [model, baseURL] = [MODELS[name], baseOf(vars, provider)];
  return { provider: name, model, baseURL, apiKey, price: audioPrice(model, baseURL, provider) };
}
