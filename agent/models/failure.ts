import { APIConnectionError, APIError, APIUserAbortError } from "openai";
import type { ModelFailure } from "../model.ts";

/** How the usual providers say "this does not fit into the model". */
const TOO_LONG = new RegExp(
  [
    "context[_ ](length|window|size|limit)",
    "maximum (context|prompt|model) length",
    "(prompt|input|request|conversation) (is|was|are) too (long|large for model)",
    "request too large for model",
    "prompt exceeds max",
    "exceeded model token limit",
    "input token count .*exceeds",
    "too many (input )?tokens",
    "reduce the length of the (messages|input|prompt)",
    "range of input length",
  ].join("|"),
  "i",
);
const TOO_LONG_CODES = /^(context_length_exceeded|exceed_context_size_error|model_context_window_exceeded)$/;

/** What an error inside a stream means: it has no status of its own. */
const STREAM_STATUS: [RegExp, number][] = [
  [/rate_?limit|quota|too_many_requests/i, 429],
  [/auth|permission|api_?key/i, 401],
  [/invalid_?(request|argument)|bad_?request|not_?found/i, 400],
];

/**
 * Sorts what an attempt threw. Messages are the provider's own words, shortened, and never hold a key.
 * @param now milliseconds since the epoch, for a `Retry-After` that is a date
 * @param key what must not be repeated
 */
export function failureOf(error: unknown, now: number, key = ""): ModelFailure {
  if (error instanceof APIUserAbortError) return { kind: "aborted", message: "the call was stopped" };
  if (error instanceof APIConnectionError) return unavailable("no connection to the model");
  if (error instanceof SyntaxError) return unavailable("the model's server sent something that is not JSON");
  if (!(error instanceof APIError)) return unavailable("the connection to the model broke off");
  return refusal(error, now, safe(error.message, key));
}

/** Whether the same request may succeed later, or with another model. */
export function isRetryable(failure: ModelFailure): boolean {
  return failure.kind === "rate-limit" || failure.kind === "unavailable" || failure.kind === "stalled";
}

function refusal(error: APIError, now: number, message: string): ModelFailure {
  const status = error.status ?? streamStatus(error);
  if (isTooLong(error, status)) return { kind: "context-length", message };
  if (status === 401 || status === 403) return { kind: "auth", message };
  const retryAfterMs = retryAfter(error.headers, now);
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (status === 429) return { kind: "rate-limit", message, ...wait };
  if (status === 408 || status === 409 || status === 425 || status >= 500)
    return { kind: "unavailable", message, ...wait };
  return { kind: "bad-request", message };
}

/** Groq says 413 "request too large" also for a rate that the request alone exceeds: only a shorter one helps. */
function isTooLong(error: APIError, status: number): boolean {
  if (TOO_LONG_CODES.test(`${error.code ?? ""}`) || TOO_LONG_CODES.test(error.type ?? "")) return true;
  return (status === 400 || status === 413 || status === 422) && TOO_LONG.test(error.message);
}

function streamStatus(error: APIError): number {
  const code = Number(error.code);
  if (code >= 400 && code < 600) return code;
  const words = `${error.code ?? ""} ${error.type ?? ""}`;
  const known = STREAM_STATUS.find(([pattern]) => pattern.test(words));
  return known ? known[1] : TOO_LONG.test(error.message) ? 400 : 500;
}

/** `retry-after-ms`, or `Retry-After` in seconds or as a date (RFC 9110), in milliseconds from now. */
function retryAfter(headers: Headers | undefined, now: number): number | undefined {
  const precise = headers?.get("retry-after-ms");
  const header = headers?.get("retry-after");
  const wait = isNumber(precise)
    ? Number(precise)
    : isNumber(header)
      ? Number(header) * 1000
      : Date.parse(header ?? "") - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

function isNumber(text: string | null | undefined): text is string {
  return text != null && text.trim() !== "" && Number.isFinite(Number(text));
}

function unavailable(message: string): ModelFailure {
  return { kind: "unavailable", message };
}

/** A provider's message on one line: without markup, without anything that looks like a key. */
function safe(message: string, key: string): string {
  const plain = message
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  const unkeyed = key.length < 4 ? plain : plain.replaceAll(key, "…");
  return unkeyed
    .replace(/\b(sk-|gsk_|AIza|Bearer )[\w.*-]{4,}/g, "$1…")
    .slice(0, 200)
    .toWellFormed();
}
