import type { ModelPlace } from "../failure-text.ts";
import { PROVIDERS, type Provider } from "./providers.ts";

/** The Worker's variables by name. */
export type Vars = Readonly<Record<string, string | undefined>>;

/** The key of a provider and the variable that holds it, where all is set that it needs. */
export function keyOf(vars: Vars, provider: Provider): { name: string; value: string } | undefined {
  const name = isReady(vars, provider) ? provider.keys.find((name) => vars[name]?.trim()) : undefined;
  return name ? { name, value: vars[name]!.trim() } : undefined;
}

/** Whether everything but the key is set. */
export function isReady(vars: Vars, { needs }: Provider): boolean {
  return !needs || Boolean(vars[needs]?.trim());
}

/** Where a provider is reached. */
export function baseOf(vars: Vars, provider: Provider): string {
  const { baseURL, needs } = provider;
  const own = normalBase(vars[baseVariable(provider)] ?? "");
  return (
    own ?? (needs ? baseURL.replace(`{${needs}}`, encodeURIComponent(vars[needs]?.trim() ?? "")) : baseURL)
  );
}

/**
 * Where all these models are reached, and which variable says so; undefined where they are not at one place: nobody could
 * say then which of them failed.
 */
export function modelPlace(
  vars: Vars,
  choices: { provider: string; baseURL: string }[],
): ModelPlace | undefined {
  const [first, ...others] = choices;
  if (!first || others.some(({ baseURL }) => baseURL !== first.baseURL)) return undefined;
  const provider = PROVIDERS.find(({ name }) => name === first.provider);
  const variable = provider ? baseVariable(provider) : "API_BASE";
  const isCustom = normalBase(vars[variable] ?? "") === first.baseURL;
  const host = hostOf(first.baseURL);
  return host ? { host, ...(isCustom ? { variable } : {}) } : undefined;
}

function baseVariable({ keys }: Provider): string {
  return keys[0]!.replace("_KEY", "_BASE");
}

/** Without the path of the call itself, which people paste along; undefined where it is no web address. */
export function normalBase(base: string): string | undefined {
  const trimmed = base
    .trim()
    .replace(/\/+$/, "")
    .replace(/\/chat\/completions$/i, "");
  return /^https?:\/\//i.test(trimmed) && URL.canParse(trimmed) ? trimmed : undefined;
}

/** The host and port of an address; empty where it is none. */
export function hostOf(base: string): string {
  return URL.canParse(base) ? new URL(base).host : "";
}
