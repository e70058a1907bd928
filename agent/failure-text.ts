import type { ModelFailure } from "./model.ts";

/** Where the install's owner sent the model's requests, other than to a provider's own address. */
export interface CustomBase {
  /** The variable that says it, e.g. `API_BASE`. */
  variable: string;
  /** Host and port. */
  host: string;
}

/** What a chat reads when the model gave no answer: who failed, and what to do. */
export function failureText(failure: ModelFailure, base?: CustomBase): string {
  const model = base ? `The model at ${base.host}` : "The model";
  const orBase = base ? ` and ${base.variable}` : "";
  switch (failure.kind) {
    case "auth":
      return `${model} refused the key. The owner should check the provider's key (API_KEY)${orBase}; /status shows which model is used.`;
    case "bad-request":
      return `${model} refused the request: ${failure.message}. The owner should check MODEL${orBase}; /status shows which one is used.`;
    case "rate-limit":
      return `${model} is busy (rate limit), and trying again did not help. Please ask again in a few minutes.`;
    case "stalled":
    case "unavailable":
    case "aborted":
    case "context-length":
      return `I could not get an answer from the model${base ? ` at ${base.host}` : ""} (${failure.message}). ${remedyOf(base)}`;
  }
}

function remedyOf(base?: CustomBase): string {
  if (!base) return "Please ask again later.";
  return `The owner should check that it runs there and that ${base.variable} is right.`;
}
