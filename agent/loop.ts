import { estimateTokens } from "./budget.ts";
import type { Interruption, LoopEnd, LoopEvent } from "./events.ts";
import { type Journal, lastAnswer, rounds, type Step } from "./journal.ts";
import type { ChatMessage, Model, ModelChoice, ModelEvent, ToolSpec, Usage } from "./model.ts";
import { runTools } from "./tool-calls.ts";
import type { Tool, ToolContext } from "./tools/tool.ts";

/** All that a loop works with. */
export interface LoopPorts {
  journal: Journal;
  model: Model;
  tools: Tool[];
  specs: ToolSpec[];
  limits: { maxTokens: number; maxRounds: number; temperature: number };
  /** Takes up what was said since the last boundary. Synchronous, right before the conversation is built. */
  boundary(round: number): void;
  /** The whole conversation: prompt, transcript, what joined, the journal so far. */
  conversation(): Promise<ChatMessage[]>;
  /** Aborted with an `Interruption`: `join` for this one call, `stop` and `deadline` for good. */
  signal(round: number): AbortSignal;
  /** Whether the turn has to end now. */
  interrupted(): Exclude<Interruption, "join"> | undefined;
  /** Says in words why this tool may not run now, or undefined. Asked right before each run. */
  refuse(tool: Tool): string | undefined;
  /**
   * Whether a call that may run waits for somebody's yes: then it is answered with this, and not run. Asked right before
   * each run; what it writes ends the step.
   */
  hold(tool: Tool, args: unknown, step: Step): string | undefined;
  context(step: Step): ToolContext;
  on(event: LoopEvent): void;
}

/**
 * Runs a turn to its end. The journal is its only memory: called again after a crash it goes on where the journal
 * stops, without making a finished step twice. Model failures and tool failures are ends and results, never throws;
 * what throws is the host's own failure (storage), and the turn is then resumed by its next claim.
 */
export async function runLoop(ports: LoopPorts): Promise<LoopEnd> {
  for (;;) {
    const interrupted = ports.interrupted();
    if (interrupted) return { type: interrupted === "stop" ? "stopped" : "deadline" };
    const steps = ports.journal.steps();
    if (steps.some((step) => step.kind === "tool" && step.state !== "done")) {
      await runTools(steps, ports);
      continue;
    }
    const answer = lastAnswer(steps);
    if (answer && answer.toolCalls.length === 0)
      return { type: "answer", text: answer.content, cut: answer.cut };
    const round = rounds(steps);
    if (round >= ports.limits.maxRounds) return { type: "rounds" };
    const end = await callModel(round, ports);
    if (end) return end;
  }
}

/** Makes one model call. Answers an end, or undefined when the journal tells how to go on. */
async function callModel(round: number, ports: LoopPorts): Promise<LoopEnd | undefined> {
  ports.boundary(round);
  const messages = await ports.conversation();
  // Taken after the last await before the call, so that a message which arrived meanwhile is not overlooked.
  const signal = ports.signal(round);
  const request = { messages, tools: ports.specs, signal, ...modelLimits(ports) };
  const estimate = { inputTokens: estimateTokens(request), outputTokens: ports.limits.maxTokens };
  const opened = ports.journal.startModel(round, estimate);
  if (!opened.ok) return { type: "budget", refusal: opened.refusal };
  ports.on({ type: "call", round });
  const again = (spent: Usage, next?: Pick<ModelChoice, "price">) =>
    ports.journal.retryModel(opened.step, spent, estimate, next);
  const last = await follow(ports.model.stream({ ...request, again }), (event) => ports.on(event));
  if (last.type === "done") {
    const risks = new Map(ports.tools.map((tool) => [tool.name, tool.risk]));
    ports.journal.finishModel(opened.step, last, last.usage, risks);
    return undefined;
  }
  ports.journal.dropModel(opened.step, last.usage);
  return endOf(last, signal);
}

function modelLimits(ports: LoopPorts) {
  return { maxTokens: ports.limits.maxTokens, temperature: ports.limits.temperature };
}

type Last = Extract<ModelEvent, { type: "done" | "error" }>;

/** Passes text on as it comes and answers the last event. */
async function follow(stream: AsyncIterable<ModelEvent>, on: (event: LoopEvent) => void): Promise<Last> {
  for await (const event of stream) {
    if (event.type === "text") on({ type: "text", delta: event.delta });
    else if (event.type === "restart") on({ type: "restart" });
    else return event;
  }
  const failure = { kind: "unavailable", message: "the model's stream ended without an answer" } as const;
  return { type: "error", failure, usage: { inputTokens: 0, outputTokens: 0, estimated: true }, model: "" };
}

function endOf(last: Extract<Last, { type: "error" }>, signal: AbortSignal): LoopEnd | undefined {
  if (last.failure.kind === "context-length") return { type: "context-length" };
  // A join makes the call again; stop and deadline are seen at the top of the loop.
  if (last.failure.kind === "aborted" && signal.aborted) return undefined;
  return { type: "failed", failure: last.failure };
}
