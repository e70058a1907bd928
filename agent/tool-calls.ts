import type { LoopEvent } from "./events.ts";
import type { Journal, Step } from "./journal.ts";
import { prepare } from "./tools/index.ts";
import { type Tool, type ToolContext, ToolError } from "./tools/tool.ts";

interface ToolPorts {
  journal: Journal;
  tools: Tool[];
  refuse(tool: Tool): string | undefined;
  hold(tool: Tool, args: unknown, step: Step): string | undefined;
  context(step: Step): ToolContext;
  on(event: LoopEvent): void;
}

/** The same call with the same arguments is answered, not run, from this time on. */
const REPEATS = 3;

/** What the model reads when a restart hid whether an unsafe call happened. */
export const OUTCOME_UNKNOWN =
  "The assistant was restarted while this ran: its outcome is unknown, and it was not run again. " +
  "Check what it did before you repeat it.";

/** Runs the planned calls of the journal: reads that stand together in parallel, everything else one by one. */
export async function runTools(steps: Step[], ports: ToolPorts): Promise<void> {
  const open = steps.filter((step) => step.kind === "tool" && step.state !== "done");
  for (const batch of batches(open)) {
    await Promise.all(batch.map((step) => runTool(step, steps, ports)));
  }
  ports.on({ type: "tools-done" });
}

function batches(open: Step[]): Step[][] {
  const result: Step[][] = [];
  for (const step of open) {
    const last = result.at(-1);
    if (step.risk === "read" && last?.[0]?.risk === "read") last.push(step);
    else result.push([step]);
  }
  return result;
}

/** prepare -> execute -> finalize; whatever goes wrong becomes the result. */
async function runTool(step: Step, steps: Step[], ports: ToolPorts): Promise<void> {
  if (step.state === "started" && step.risk === "unsafe")
    return ports.journal.finishTool(step.id, OUTCOME_UNKNOWN);
  const call = prepare({ name: step.name, arguments: step.input ?? "" }, ports.tools);
  const refusal = !call.ok
    ? call.error
    : (repeated(step, steps) ?? ports.refuse(call.tool) ?? ports.hold(call.tool, call.args, step));
  if (!call.ok || refusal) return ports.journal.finishTool(step.id, refusal ?? "Refused.");
  ports.on({ type: "tool", name: step.name, summary: summary(step) });
  const context = ports.context(step);
  ports.journal.startTool(step.id);
  ports.journal.finishTool(step.id, await execute(call.tool, call.args, context));
}

async function execute(tool: Tool, args: unknown, context: ToolContext): Promise<string> {
  try {
    return await Promise.race([tool.run(args as never, context), aborted(context.signal)]);
  } catch (error) {
    // A failure of the storage itself shows again when this result is written, and ends the turn there.
    return `${error instanceof ToolError ? "Error" : "The tool failed"}: ${error instanceof Error ? error.message : error}`;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () =>
      reject(new ToolError("stopped before it ended. Check what it did before you repeat it."));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

function repeated(step: Step, steps: Step[]): string | undefined {
  const before = steps.slice(0, steps.indexOf(step)).filter((other) => other.kind === "tool");
  const same = before.filter((other) => other.name === step.name && other.input === step.input);
  if (same.length + 1 < REPEATS) return undefined;
  return `You made this same call ${same.length} times already in this turn, with the same arguments. It was not run again. Use the earlier results, or try something else.`;
}

/** The first argument that says something, on one line, for people who watch. */
function summary(step: Step): string {
  try {
    const first = Object.values(JSON.parse(step.input ?? "{}") as Record<string, unknown>).find(
      (value) => typeof value === "string",
    );
    return typeof first === "string" ? first.replace(/\s+/g, " ").slice(0, 80) : "";
  } catch {
    return "";
  }
}
