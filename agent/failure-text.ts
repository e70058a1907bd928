import type { ModelFailure } from "./model.ts";

/** Where the model's requests went. */
export interface ModelPlace {
  /** The variable by which the install's owner sent them there, e.g. `API_BASE`; none at a provider's own address. */
  variable?: string;
  /** Host and port. */
  host: string;
}

/** What a chat reads when the model gave no answer: who failed, and what to do. */
export function failureText(failure: ModelFailure, place?: ModelPlace): string {
  const model = place ? `The model at ${place.host}` : "The model";
  const orBase = place?.variable ? ` and ${place.variable}` : "";
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
      return `I could not get an answer from the model${place ? ` at ${place.host}` : ""} (${failure.message}). ${remedyOf(place)}`;
  }
}

function remedyOf(place?: ModelPlace): string {
  if (!place?.variable) return "Please ask again later.";
  return `The owner should check that it runs there and that ${place.variable} is right.`;
}
