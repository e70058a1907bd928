import type { ToolCall } from "../model.ts";

/** One piece of a tool call, as providers stream it. */
export interface CallDelta {
  index?: number;
  id?: string | null;
  function?: { name?: string | null; arguments?: string | null };
}

/**
 * Puts streamed tool calls together. Tolerates what providers really send: no index, no id, a whole call in one
 * piece, several calls in one piece, the id or the name again with every piece.
 */
export class CallAssembler {
  readonly #calls: ToolCall[] = [];
  readonly #byIndex = new Map<number, ToolCall>();

  push(deltas: CallDelta[]): void {
    for (const delta of deltas) {
      const call = this.#find(delta) ?? this.#open(delta);
      call.id ||= delta.id ?? "";
      call.name ||= delta.function?.name ?? "";
      call.arguments += delta.function?.arguments ?? "";
    }
  }

  /** The calls so far. A call without arguments means an empty object. */
  calls(): ToolCall[] {
    return this.#calls
      .filter((call) => call.name)
      .map((call) => ({ ...call, arguments: call.arguments || "{}" }));
  }

  #find(delta: CallDelta): ToolCall | undefined {
    if (delta.index !== undefined && delta.index !== null) {
      const call = this.#byIndex.get(delta.index);
      // Some providers number every call 0; a new id beside a finished one is a new call.
      return call && delta.id && call.id && delta.id !== call.id ? undefined : call;
    }
    if (delta.id) return this.#calls.find((call) => call.id === delta.id);
    return delta.function?.name ? undefined : this.#calls.at(-1);
  }

  #open(delta: CallDelta): ToolCall {
    const call = { id: "", name: "", arguments: "" };
    this.#calls.push(call);
    if (delta.index !== undefined && delta.index !== null) this.#byIndex.set(delta.index, call);
    return call;
  }
}
