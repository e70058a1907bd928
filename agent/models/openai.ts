import OpenAI from "openai";
import type { Model, ModelEvent, ModelFailure, ModelRequest, Usage } from "../model.ts";
import { sleep } from "../sleep.ts";
import { Draft } from "./draft.ts";
import { failureOf, isRetryable } from "./failure.ts";
import { bodyOf, type Dialect, dialectOf, learned } from "./request.ts";
import { added, nothing } from "./spent.ts";
import { Watch } from "./watch.ts";

export interface ClientOptions {
  provider: string;
  model: string;
  baseURL: string;
  /** Empty for a server that asks for none. */
  apiKey: string;
  fetch?: typeof fetch;
  now(): number;
  /** From 0 up to 1, for jitter and ids. */
  random(): number;
  /** Milliseconds without a byte until a stream is cut. */
  stallMs: number;
  /** Waits so many milliseconds, less when the signal is aborted. */
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
}

interface Client extends ClientOptions {
  /** Learned from refusals, for all later requests. */
  dialect: Dialect;
}

const TRIES = 3;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/**
 * A model behind an OpenAI-compatible endpoint. Rate limits, server errors, cut, stalled and garbled streams are
 * tried 3 times, after the provider's `Retry-After` (at most 60 s) or a doubling pause; a retry after shown text
 * begins with `restart`.
 */
export function openaiModel(options: ClientOptions): Model {
  const client = { ...options, dialect: dialectOf(options.provider, options.model) };
  return { stream: (request) => attempts(client, request) };
}

async function* attempts(client: Client, request: ModelRequest): AsyncIterable<ModelEvent> {
  let spent = nothing();
  for (let attempt = 1; ; attempt++) {
    const draft = new Draft();
    const failure = yield* attemptOnce(client, request, draft);
    if (!failure)
      return yield draft.done(added(spent, draft.usage(request)), client.model, () => newId(client));
    const instead = failure.kind === "bad-request" ? learned(client.dialect, failure.message) : undefined;
    if (instead) client.dialect = instead;
    if (mayHaveCost(draft, failure)) spent = added(spent, draft.usage(request));
    if (!instead && !(await mayRetry(client, request, failure, attempt, spent))) {
      return yield {
        type: "error",
        failure: request.signal.aborted ? stopped() : failure,
        usage: spent,
        model: client.model,
      };
    }
    if (draft.content) yield { type: "restart", reason: failure.message, model: client.model };
  }
}

/** Waits for the next attempt; false where there is none. */
async function mayRetry(
  client: Client,
  request: ModelRequest,
  failure: ModelFailure,
  attempt: number,
  spent: Usage,
): Promise<boolean> {
  if (!isRetryable(failure) || attempt >= TRIES || request.signal.aborted) return false;
  if (request.again?.(spent) === false) return false;
  await (client.sleep ?? sleep)(pauseMs(failure, attempt, client), request.signal);
  return !request.signal.aborted;
}

/** One request. Answers why it failed, or undefined after a whole answer. */
async function* attemptOnce(
  client: Client,
  request: ModelRequest,
  draft: Draft,
): AsyncGenerator<ModelEvent, ModelFailure | undefined> {
  if (request.signal.aborted) return stopped();
  const watch = new Watch(
    request.signal,
    client.stallMs,
    client.fetch ?? ((input, init) => fetch(input, init)),
  );
  let broken: ModelFailure | undefined;
  draft.sent = true;
  try {
    const body = bodyOf(client.model, request, client.dialect);
    const stream = await sdk(client, watch).chat.completions.create(body, { signal: watch.signal });
    for await (const chunk of stream) {
      const delta = draft.take(chunk);
      if (request.signal.aborted) break;
      if (delta) yield { type: "text", delta };
    }
  } catch (error) {
    broken = failureOf(error, client.now(), client.apiKey);
  }
  if (request.signal.aborted) return stopped();
  // What breaks after the end no longer matters.
  if (draft.finished || (watch.done && !broken)) return undefined;
  if (watch.stalled) return stalled(client);
  return broken ?? { kind: "unavailable", message: "the model's answer broke off" };
}

/** The SDK would retry by itself, unseen by the journal, log what it received, and take settings from the environment. */
function sdk({ baseURL, apiKey }: Client, watch: Watch): OpenAI {
  return new OpenAI({
    baseURL,
    apiKey: apiKey || "none",
    adminAPIKey: null,
    organization: null,
    project: null,
    fetch: watch.fetch,
    maxRetries: 0,
    logLevel: "off",
    ...(apiKey ? {} : { defaultHeaders: { Authorization: null } }),
  });
}

/** A refused request costs nothing; one that was cut may have cost all that it said. */
function mayHaveCost(draft: Draft, failure: ModelFailure): boolean {
  return draft.began || (draft.sent && (failure.kind === "stalled" || failure.kind === "aborted"));
}

/** The provider's word, else a doubling pause with jitter. */
function pauseMs(failure: ModelFailure, attempt: number, { random }: Client): number {
  const asked = "retryAfterMs" in failure ? failure.retryAfterMs : undefined;
  const own = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.75 + random() / 2);
  return Math.min(asked ?? own, LONGEST_PAUSE_MS);
}

function newId({ random }: Client): string {
  return `call_${random().toString(36).slice(2, 12)}${random().toString(36).slice(2, 12)}`;
}

function stopped(): ModelFailure {
  return { kind: "aborted", message: "the call was stopped" };
}

function stalled({ stallMs }: Client): ModelFailure {
  return { kind: "stalled", message: `the model sent nothing for ${Math.round(stallMs / 1000)} s` };
}
