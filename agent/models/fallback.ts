import type { Model, ModelEvent, ModelRequest } from "../model.ts";
import { isRetryable } from "./failure.ts";

/** Tries models in order: the next one when a model failed in a way that another may not. */
export function withFallbacks(models: Model[]): Model {
  return { stream: (request) => inOrder(models, request) };
}

async function* inOrder(models: Model[], request: ModelRequest): AsyncIterable<ModelEvent> {
  const spent = { inputTokens: 0, outputTokens: 0 };
  for (const [index, model] of models.entries()) {
    let shown = false;
    for await (const event of model.stream(request)) {
      const last = event.type === "done" || event.type === "error";
      if (!last) {
        shown ||= event.type === "text";
        yield event;
        continue;
      }
      const usage = {
        ...event.usage,
        inputTokens: event.usage.inputTokens + spent.inputTokens,
        outputTokens: event.usage.outputTokens + spent.outputTokens,
      };
      const next =
        event.type === "error" &&
        isRetryable(event.failure) &&
        index < models.length - 1 &&
        !request.signal.aborted;
      if (!next) return yield { ...event, usage };
      Object.assign(spent, { inputTokens: usage.inputTokens, outputTokens: usage.outputTokens });
      if (shown) yield { type: "restart", reason: event.failure.message, model: event.model };
    }
  }
}
