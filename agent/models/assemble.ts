import type { ToolCall } from "../model.ts";

/** One piece of a tool call, as providers stream it. */
export interface CallDelta {
  index?: number | null;
  id?: string | null;
  function?: { name?: string | null; arguments?: unknown } | null;
  /** Gemini's own. */
  extra_content?: unknown;
}

/**
 * Puts streamed tool calls together. Tolerates what providers really send: no index, no id, every call numbered 0, a
 * whole call in one piece, several calls in one piece, the name again with every piece, a new id with every piece,
 * arguments as an object.
 */
export class CallAssembler {
  readonly #calls: ToolCall[] = [];
  readonly #byIndex = new Map<number, ToolCall>();

  push(deltas: CallDelta[]): void {
    for (const delta of deltas) {
      const known = this.#known(delta);
      const call = known && !startsAnother(known, delta) ? known : this.#open(delta);
      call.id ||= delta.id ?? "";
      call.name ||= delta.function?.name ?? "";
      call.arguments += argumentsOf(delta);
      if (delta.extra_content) call.extra = delta.extra_content;
    }
  }

  /**
   * The calls so far. A call without arguments means an empty object; one without a name is none.
   * @param newId makes an id where the provider sent none, or one twice
   */
  calls(newId: () => string): ToolCall[] {
    const used = new Set<string>();
    return this.#calls
      .filter((call) => call.name)
      .map((call) => {
        const id = call.id && !used.has(call.id) ? call.id : newId();
        used.add(id);
        return { ...call, id, arguments: call.arguments.trim() ? call.arguments : "{}" };
      });
  }

  /** The call that a piece may belong to. */
  #known({ index, id, function: part }: CallDelta): ToolCall | undefined {
    if (typeof index === "number") return this.#byIndex.get(index);
    const named = id ? this.#calls.find((call) => call.id === id) : undefined;
    return named ?? (id && part?.name ? undefined : this.#calls.at(-1));
  }

  #open({ index }: CallDelta): ToolCall {
    const call: ToolCall = { id: "", name: "", arguments: "" };
    this.#calls.push(call);
    if (typeof index === "number") this.#byIndex.set(index, call);
    return call;
  }
}

/** Only a piece with a name can begin a call; whether it does, the id tells, else what is there already. */
function startsAnother(call: ToolCall, delta: CallDelta): boolean {
  const name = delta.function?.name;
  if (!name || !call.name) return false;
  if (delta.id && call.id && delta.id !== call.id) return true;
  if (delta.id && delta.id === call.id) return false;
  return name !== call.name || (argumentsOf(delta) !== "" && isObject(call.arguments));
}

function argumentsOf(delta: CallDelta): string {
  const args = delta.function?.arguments ?? "";
  return typeof args === "string" ? args : JSON.stringify(args);
}

function isObject(text: string): boolean {
  return parsedObject(text) !== undefined;
}

/** The object that a text is as JSON, or undefined. */
export function parsedObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
