import { APIConnectionError, APIError, APIUserAbortError } from "openai";
import type { ModelFailure } from "../model.ts";

/** Phrases of several providers for "this does not fit into the model". */
const TOO_LONG =
  /context[_ ](length|window)|maximum context|too many tokens|prompt is too long|input is too long|exceeds? the (model's )?(maximum|limit)|reduce the length/i;

/** Sorts what an attempt threw. Messages are the provider's own words, shortened; they never hold our key. */
export function failureOf(error: unknown, now: number): ModelFailure {
  if (error instanceof APIUserAbortError) return { kind: "aborted", message: "the call was stopped" };
  if (error instanceof APIConnectionError)
    return { kind: "unavailable", message: "no connection to the model" };
  if (!(error instanceof APIError) || error.status === undefined)
    return { kind: "unavailable", message: messageOf(error) };
  const message = shortened(error.message);
  if (error.code === "context_length_exceeded" || (isRequest(error.status) && TOO_LONG.test(error.message))) {
    return { kind: "context-length", message };
  }
  if (error.status === 401 || error.status === 403) return { kind: "auth", message };
  if (error.status === 429)
    return { kind: "rate-limit", message, retryAfterMs: retryAfter(error.headers, now) };
  if (error.status === 408 || error.status === 409 || error.status >= 500) {
    return { kind: "unavailable", message, ...{ retryAfterMs: retryAfter(error.headers, now) } };
  }
  return { kind: "bad-request", message };
}

/** Whether the same request may succeed later. */
export function isRetryable(failure: ModelFailure): boolean {
  return failure.kind === "rate-limit" || failure.kind === "unavailable" || failure.kind === "stalled";
}

function isRequest(status: number): boolean {
  return status === 400 || status === 413 || status === 422;
}

/** `retry-after-ms`, or `Retry-After` in seconds or as a date (RFC 9110), in milliseconds from now. */
function retryAfter(headers: Headers | undefined, now: number): number | undefined {
  const precise = Number(headers?.get("retry-after-ms") ?? Number.NaN);
  if (Number.isFinite(precise)) return Math.max(0, precise);
  const header = headers?.get("retry-after");
  if (!header) return undefined;
  const seconds = Number(header);
  const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

function messageOf(error: unknown): string {
  return shortened(error instanceof Error ? error.message : String(error));
}

function shortened(message: string): string {
  return message
    .replace(/\s+/g, " ")
    .replace(/\b(sk-|gsk_|AIza)[\w-]{8,}/g, "$1…")
    .slice(0, 200);
}
