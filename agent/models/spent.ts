import type { Usage } from "../model.ts";

/** What no attempt has cost. */
export function nothing(): Usage {
  return { inputTokens: 0, outputTokens: 0 };
}

/** Two usages in one. A sum is an estimate where a part is; it has a price where both have, or cost nothing. */
export function added(a: Usage, b: Usage): Usage {
  if (isNothing(a)) return b;
  if (isNothing(b)) return a;
  const cachedTokens = (a.cachedTokens ?? 0) + (b.cachedTokens ?? 0);
  return {
    inputTokens: a.inputTokens + b.inputTokens,
    outputTokens: a.outputTokens + b.outputTokens,
    ...(cachedTokens > 0 ? { cachedTokens } : {}),
    ...(a.estimated || b.estimated ? { estimated: true } : {}),
    ...(a.usd !== undefined && b.usd !== undefined ? { usd: a.usd + b.usd } : {}),
  };
}

function isNothing(usage: Usage): boolean {
  return usage.inputTokens === 0 && usage.outputTokens === 0;
}
