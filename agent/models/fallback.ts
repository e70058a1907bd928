import type { ChatMessage, ChosenModel, Model, ModelEvent, ModelRequest, Usage } from "../model.ts";
import { isRetryable } from "./failure.ts";
import { added, nothing } from "./spent.ts";

type Last = Extract<ModelEvent, { type: "done" | "error" }>;

/**
 * Tries models in order: the next one when a model failed in a way that another may not (rate limit, outage, stall).
 * A refused key or request does not fall through: the owner should hear of it.
 */
export function withFallbacks(models: ChosenModel[]): Model {
  return { stream: (request) => inOrder(models, request) };
}

async function* inOrder(models: ChosenModel[], request: ModelRequest): AsyncIterable<ModelEvent> {
  let spent = nothing();
  for (const [index, chosen] of models.entries()) {
    const before = spent;
    const { last, shown } = yield* one(chosen, request, before);
    const paid = index > 0 || models.length > 1 ? priced(last.usage, chosen) : last.usage;
    spent = added(before, paid);
    const next = models[index + 1];
    if (!next || !fallsThrough(last, request) || request.again?.(spent, next.choice) === false) {
      return yield { ...last, usage: spent };
    }
    if (shown) yield { type: "restart", reason: failureOf(last), model: chosen.choice.model };
  }
}

/** One model's events but the last, which is answered. */
async function* one(
  { choice, model }: ChosenModel,
  request: ModelRequest,
  spent: Usage,
): AsyncGenerator<ModelEvent, { last: Last; shown: boolean }> {
  const again =
    request.again && ((own: Usage) => request.again!(added(spent, priced(own, { choice })), choice));
  let shown = false;
  for await (const event of model.stream({
    ...request,
    messages: visibleTo(choice.vision, request.messages),
    again,
  })) {
    if (event.type === "done" || event.type === "error") return { last: event, shown };
    shown = event.type === "text";
    yield event;
  }
  const failure = { kind: "unavailable", message: "the model's stream ended without an answer" } as const;
  return { last: { type: "error", failure, usage: nothing(), model: choice.model }, shown };
}

function fallsThrough(last: Last, request: ModelRequest): boolean {
  return last.type === "error" && isRetryable(last.failure) && !request.signal.aborted;
}

function failureOf(last: Last): string {
  return last.type === "error" ? last.failure.message : "";
}

/** The usage with its own model's price: another may cost more. */
function priced(usage: Usage, { choice }: Pick<ChosenModel, "choice">): Usage {
  const usd = usage.usd ?? choice.price(usage);
  return usd === undefined ? usage : { ...usage, usd };
}

/** A model that cannot see is told that there was a picture. */
function visibleTo(vision: boolean, messages: ChatMessage[]): ChatMessage[] {
  if (vision) return messages;
  return messages.map((message) => {
    if (message.role !== "user" || !message.images?.length) return message;
    const { images, ...rest } = message;
    return {
      ...rest,
      content: `${rest.content}\n(${images.length} picture${images.length > 1 ? "s" : ""} not shown: this model cannot see.)`,
    };
  });
}
