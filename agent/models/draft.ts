import type OpenAI from "openai";
import { estimateTokens, textTokens } from "../budget.ts";
import type { ModelEvent, ModelRequest, Usage } from "../model.ts";
import { CallAssembler, type CallDelta } from "./assemble.ts";

type Chunk = OpenAI.ChatCompletionChunk;
type WireUsage = Partial<OpenAI.CompletionUsage> & { prompt_cache_hit_tokens?: number };

/** Where providers put the usage: Moonshot in the choice, Groq under its own name, all others at the top. */
interface OddUsage {
  choices?: { usage?: WireUsage }[];
  x_groq?: { usage?: WireUsage };
}

/** What one attempt has said so far. */
export class Draft {
  content = "";
  /** The request left. */
  sent = false;
  readonly #calls = new CallAssembler();
  #usage: Usage | undefined;
  #finish: string | undefined;

  /** Adds a piece of the stream; answers its visible text. */
  take(chunk: Chunk): string {
    const odd = chunk as OddUsage;
    this.#usage = usageOf(chunk.usage ?? odd.choices?.[0]?.usage ?? odd.x_groq?.usage) ?? this.#usage;
    const choice = chunk.choices?.[0];
    this.#finish = choice?.finish_reason ?? this.#finish;
    this.#calls.push((choice?.delta?.tool_calls ?? []) as CallDelta[]);
    const delta = choice?.delta?.content;
    if (typeof delta !== "string") return "";
    this.content += delta;
    return delta;
  }

  /** The provider said how it ended. */
  get finished(): boolean {
    return this.#finish !== undefined && this.#finish !== "error";
  }

  /** Something came that a provider would charge for. */
  get began(): boolean {
    return this.content !== "" || this.#usage !== undefined || this.#calls.calls(() => "").length > 0;
  }

  /** As the provider counted it, else by estimate. */
  usage(request: ModelRequest): Usage {
    if (this.#usage) return this.#usage;
    const calls = this.#calls.calls(() => "");
    const outputTokens =
      textTokens(this.content) + (calls.length > 0 ? textTokens(JSON.stringify(calls)) : 0);
    return { inputTokens: estimateTokens(request), outputTokens, estimated: true };
  }

  /** The whole answer. */
  done(usage: Usage, model: string, newId: () => string): ModelEvent {
    const toolCalls = this.#calls.calls(newId);
    return { type: "done", content: this.content, toolCalls, usage, model, cut: this.#finish === "length" };
  }
}

function usageOf(wire: WireUsage | null | undefined): Usage | undefined {
  if (typeof wire?.prompt_tokens !== "number") return undefined;
  const inputTokens = wire.prompt_tokens;
  const cached = wire.prompt_tokens_details?.cached_tokens ?? wire.prompt_cache_hit_tokens ?? 0;
  const outputTokens = wire.completion_tokens ?? 0;
  return {
    inputTokens,
    outputTokens,
    ...(cached > 0 ? { cachedTokens: Math.min(cached, inputTokens) } : {}),
  };
}
