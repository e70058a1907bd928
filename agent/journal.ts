import type { ModelChoice, ToolCall, Usage } from "./model.ts";
import type { Risk } from "./tools/tool.ts";

/** One model call or tool call of a turn, as it is stored. */
export interface Step {
  id: string;
  kind: "model" | "tool";
  /** The model call that the step belongs to, from 0. */
  round: number;
  state: "planned" | "started" | "done";
  /** The tool's name; `model` for a model call. */
  name: string;
  callId?: string;
  risk?: Risk;
  /** A tool call's arguments as the model wrote them. */
  input?: string;
  /** A tool's result, or a model's answer as JSON of `Answer`. */
  output?: string;
}

/** What a model said, as it is journalled. */
export interface Answer {
  content: string;
  toolCalls: ToolCall[];
  cut: boolean;
}

/** What a call may cost at most, in tokens; in USD where the model's price is not by the token. */
export interface Estimate {
  inputTokens: number;
  outputTokens: number;
  usd?: number;
}

/** Why a model call may not start. */
export interface Refusal {
  scope: "turn" | "group" | "install";
  kind: "usd" | "tokens";
  /** Why the install granted no more, in a sentence for the chat. */
  reason?: string;
}

/**
 * The steps of one turn. All verbs are synchronous: a row is written in the same tick as the effect that it
 * announces, so the effect cannot leave before the row is durable, and a superseded instance cannot write at all.
 */
export interface Journal {
  /** In order. */
  steps(): Step[];
  /** Opens a model call and reserves its cost in one transaction, or says which budget is used up. */
  startModel(round: number, estimate: Estimate): { ok: true; step: string } | { ok: false; refusal: Refusal };
  /** Reserves one more attempt of an open call, after attempts that cost `spent`. False where no budget has room for it. */
  retryModel(step: string, spent: Usage, estimate: Estimate, next?: Pick<ModelChoice, "price">): boolean;
  /** Records the answer, settles its cost and plans its tool calls in one transaction. */
  finishModel(step: string, answer: Answer, usage: Usage, risks: Map<string, Risk>): void;
  /** Gives a call up: settles what it cost, the step is to be made again. */
  dropModel(step: string, usage: Usage): void;
  startTool(step: string): void;
  /** Records the result; does nothing where `settle` recorded one before. */
  finishTool(step: string, output: string): void;
}

/** The last model answer of the journal, if its call is done. */
export function lastAnswer(steps: Step[]): Answer | undefined {
  const last = steps.findLast((step) => step.kind === "model");
  return last?.state === "done" && last.output ? (JSON.parse(last.output) as Answer) : undefined;
}

/** How many model calls are done. */
export function rounds(steps: Step[]): number {
  return steps.filter((step) => step.kind === "model" && step.state === "done").length;
}
