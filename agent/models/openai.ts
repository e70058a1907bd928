import OpenAI from "openai";
import type { ChatCompletionMessageParam } from "openai/resources/chat/completions";
import { estimateTokens, textTokens } from "../budget.ts";
import type { ChatMessage, Model, ModelEvent, ModelFailure, ModelRequest, Usage } from "../model.ts";
import { CallAssembler, type CallDelta } from "./assemble.ts";
import { failureOf, isRetryable } from "./failure.ts";

export interface ClientOptions {
  provider: string;
  model: string;
  baseURL: string;
  apiKey: string;
  fetch?: typeof fetch;
  now(): number;
  /** From 0 up to 1, for jitter. */
  random(): number;
  /** Milliseconds without a byte until a stream is cut. */
  stallMs: number;
}

const TRIES = 3;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;

/** A model behind an OpenAI-compatible endpoint. Retries what may pass; a retry after shown text begins with `restart`. */
export function openaiModel(options: ClientOptions): Model {
  const { baseURL, apiKey } = options;
  // The SDK would retry by itself, unseen by the journal, and time out after ten minutes.
  const client = new OpenAI({
    baseURL,
    apiKey,
    fetch: options.fetch,
    maxRetries: 0,
    dangerouslyAllowBrowser: true,
  });
  return { stream: (request) => attempts(client, options, request) };
}

async function* attempts(
  client: OpenAI,
  options: ClientOptions,
  request: ModelRequest,
): AsyncIterable<ModelEvent> {
  const spent: Usage = { inputTokens: 0, outputTokens: 0, estimated: true };
  for (let attempt = 1; ; attempt++) {
    const progress: Progress = {
      content: "",
      calls: new CallAssembler(),
      usage: undefined,
      finish: undefined,
    };
    const failure = yield* attemptOnce(client, options, request, progress);
    if (!failure) return yield doneOf(progress, options, request, spent);
    addAttempt(spent, progress, request, failure);
    if (!isRetryable(failure) || attempt >= TRIES || request.signal.aborted) {
      return yield { type: "error", failure, usage: spent, model: options.model };
    }
    await pause(pauseMs(failure, attempt, options), request.signal);
    if (progress.content) yield { type: "restart", reason: failure.message, model: options.model };
  }
}

interface Progress {
  content: string;
  calls: CallAssembler;
  usage: Usage | undefined;
  finish: string | undefined;
}

/** One request. Answers why it failed, or undefined after a whole answer. */
async function* attemptOnce(
  client: OpenAI,
  options: ClientOptions,
  request: ModelRequest,
  progress: Progress,
): AsyncGenerator<ModelEvent, ModelFailure | undefined> {
  if (request.signal.aborted) return { kind: "aborted", message: "the call was stopped" };
  const stall = new Stall(options.stallMs);
  const signal = AbortSignal.any([request.signal, stall.signal]);
  try {
    const stream = await client.chat.completions.create(bodyOf(options, request), { signal });
    for await (const chunk of stream) {
      stall.touch();
      if (chunk.usage) progress.usage = usageOf(chunk.usage);
      const choice = chunk.choices?.[0];
      if (!choice) continue;
      progress.finish = choice.finish_reason ?? progress.finish;
      progress.calls.push((choice.delta?.tool_calls ?? []) as CallDelta[]);
      const delta = choice.delta?.content;
      if (!delta) continue;
      progress.content += delta;
      yield { type: "text", delta };
    }
    if (request.signal.aborted) return { kind: "aborted", message: "the call was stopped" };
    if (stall.signal.aborted) return stalled(options);
    return progress.finish ? undefined : { kind: "unavailable", message: "the model's answer broke off" };
  } catch (error) {
    if (request.signal.aborted) return { kind: "aborted", message: "the call was stopped" };
    return stall.signal.aborted ? stalled(options) : failureOf(error, options.now());
  } finally {
    stall.end();
  }
}

/** Aborts when nothing came for a while. */
class Stall {
  readonly #controller = new AbortController();
  readonly #ms: number;
  #timer: ReturnType<typeof setTimeout>;

  constructor(ms: number) {
    this.#ms = ms;
    this.#timer = setTimeout(() => this.#controller.abort(), ms);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  touch(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#ms);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function stalled(options: ClientOptions): ModelFailure {
  return { kind: "stalled", message: `the model sent nothing for ${Math.round(options.stallMs / 1000)} s` };
}

/** OpenAI's reasoning models refuse `max_tokens` and any temperature but their own. */
const REASONING = /^(o1|o3|o4|gpt-5)/i;

function bodyOf(options: ClientOptions, request: ModelRequest) {
  const bare = options.model.slice(options.model.lastIndexOf("/") + 1);
  const reasoning =
    REASONING.test(bare) && (options.provider === "openai" || options.provider === "openrouter");
  const limits = reasoning
    ? { max_completion_tokens: request.maxTokens }
    : { max_tokens: request.maxTokens, temperature: request.temperature };
  const tools = request.tools.map((tool) => ({ type: "function" as const, function: { ...tool } }));
  return {
    model: options.model,
    messages: request.messages.map(wire),
    ...(tools.length > 0 ? { tools } : {}),
    ...limits,
    stream: true as const,
    stream_options: { include_usage: true },
  };
}

function wire(message: ChatMessage): ChatCompletionMessageParam {
  switch (message.role) {
    case "system":
      return { role: "system", content: message.content };
    case "user":
      return { role: "user", content: userContent(message) };
    case "tool":
      return { role: "tool", tool_call_id: message.callId, content: message.content };
    case "assistant": {
      const calls = message.toolCalls.map(({ id, name, arguments: args }) => ({
        id,
        type: "function" as const,
        function: { name, arguments: args },
      }));
      return {
        role: "assistant",
        content: message.content,
        ...(calls.length > 0 ? { tool_calls: calls } : {}),
      };
    }
  }
}

function userContent(message: Extract<ChatMessage, { role: "user" }>) {
  if (!message.images?.length) return message.content;
  const images = message.images.map((image) => ({
    type: "image_url" as const,
    image_url: { url: image.dataUrl },
  }));
  return [{ type: "text" as const, text: message.content }, ...images];
}

function usageOf(usage: OpenAI.CompletionUsage): Usage {
  const cachedTokens = usage.prompt_tokens_details?.cached_tokens;
  return {
    inputTokens: usage.prompt_tokens,
    outputTokens: usage.completion_tokens,
    ...(cachedTokens ? { cachedTokens } : {}),
  };
}

function doneOf(progress: Progress, options: ClientOptions, request: ModelRequest, spent: Usage): ModelEvent {
  const own = progress.usage ?? estimated(progress, request);
  const usage = {
    ...own,
    inputTokens: own.inputTokens + spent.inputTokens,
    outputTokens: own.outputTokens + spent.outputTokens,
  };
  const toolCalls = progress.calls.calls();
  return {
    type: "done",
    content: progress.content,
    toolCalls,
    usage,
    model: options.model,
    cut: progress.finish === "length",
  };
}

function estimated(progress: Progress, request: ModelRequest): Usage {
  const calls = textTokens(JSON.stringify(progress.calls.calls()));
  return {
    inputTokens: estimateTokens(request),
    outputTokens: textTokens(progress.content) + calls,
    estimated: true,
  };
}

/** What a failed attempt has cost: nothing where the provider refused it, else the estimate. */
function addAttempt(spent: Usage, progress: Progress, request: ModelRequest, failure: ModelFailure): void {
  const began =
    progress.content !== "" ||
    progress.usage !== undefined ||
    failure.kind === "stalled" ||
    failure.kind === "aborted";
  if (!began) return;
  const cost = progress.usage ?? estimated(progress, request);
  spent.inputTokens += cost.inputTokens;
  spent.outputTokens += cost.outputTokens;
}

/** The provider's word, else a doubling pause with jitter. */
function pauseMs(failure: ModelFailure, attempt: number, options: ClientOptions): number {
  const asked = "retryAfterMs" in failure ? failure.retryAfterMs : undefined;
  const own = FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.75 + options.random() / 2);
  return Math.min(asked ?? own, LONGEST_PAUSE_MS);
}

/** Waits, but not beyond an abort. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        done();
      },
      { once: true },
    );
  });
}
