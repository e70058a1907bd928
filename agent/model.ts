/** The model port: what a turn asks of a language model, and all that can come back. */

export interface ToolCall {
  id: string;
  name: string;
  /** The arguments as the model wrote them: JSON if it behaved. */
  arguments: string;
  /** What the provider wants back with the call as it came, e.g. Gemini's thought signature. */
  extra?: unknown;
}

/** An image for a model that can see, as a data URL. */
export interface ImagePart {
  dataUrl: string;
}

/** One entry of the conversation, in the order that the model reads it. */
export type ChatMessage =
  | { role: "system"; content: string }
  | { role: "user"; content: string; images?: ImagePart[] }
  | { role: "assistant"; content: string; toolCalls: ToolCall[] }
  | { role: "tool"; callId: string; content: string };

/** A tool as the model sees it. `parameters` is a JSON schema. */
export interface ToolSpec {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

export interface ModelRequest {
  /** Stable first, so that providers can cache the prefix. */
  messages: ChatMessage[];
  tools: ToolSpec[];
  /** Most tokens of the answer. */
  maxTokens: number;
  temperature: number;
  /** Aborting ends the stream with an `error` event of kind `aborted`. */
  signal: AbortSignal;
  /**
   * Asked before every further attempt, so that a budget covers it: `spent` is what the earlier ones cost, `next` the
   * model to be asked where it is another one. False ends the stream with the failure. Absent: yes.
   */
  again?(spent: Usage, next?: Pick<ModelChoice, "price">): boolean;
}

/** Tokens as the provider counted them; `estimated` where it did not say. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  cachedTokens?: number;
  estimated?: boolean;
  /** The price where a fallback took part, by the models that were asked; else the choice's price rules. */
  usd?: number;
}

/** Why a model gave no answer. `retryable` errors were already retried inside one model. */
export type ModelFailure =
  | { kind: "context-length"; message: string }
  | { kind: "auth"; message: string }
  | { kind: "bad-request"; message: string }
  | { kind: "rate-limit"; message: string; retryAfterMs?: number }
  | { kind: "unavailable"; message: string }
  | { kind: "stalled"; message: string }
  | { kind: "aborted"; message: string };

export type ModelEvent =
  /** A stretch of visible text. */
  | { type: "text"; delta: string }
  /** An attempt was given up after text may have been shown: forget it, the answer starts again. */
  | { type: "restart"; reason: string; model: string }
  /** The whole answer. Always the last event of a success. */
  | { type: "done"; content: string; toolCalls: ToolCall[]; usage: Usage; model: string; cut: boolean }
  /** Always the last event of a failure. `usage` is what the attempts cost at least, by estimate. */
  | { type: "error"; failure: ModelFailure; usage: Usage; model: string };

/**
 * A language model.
 * *Contract:* never throws; ends with exactly one `done` or `error`; the first network request leaves in the same
 * tick as the first `next()` or later, never at construction.
 */
export interface Model {
  stream(request: ModelRequest): AsyncIterable<ModelEvent>;
}

/** What was chosen and why; shown by `status`. */
export interface ModelChoice {
  /** `demo`, or a provider's name such as `openai`, `openrouter`, `custom`. */
  provider: string;
  /** The model's name as that provider wants it. */
  model: string;
  /** A sentence for people. */
  why: string;
  /** Tokens of the context window; a safe guess where it is not known. */
  contextWindow: number;
  /** Whether images may be sent to it. */
  vision: boolean;
  /** USD for so many tokens, or undefined where no price is known. */
  price(usage: { inputTokens: number; outputTokens: number; cachedTokens?: number }): number | undefined;
}

/** A usable model with its description. */
export interface ChosenModel {
  choice: ModelChoice;
  model: Model;
}
