import { expect, test } from "vitest";
import * as z from "zod";
import type { Journal, Step } from "../../../agent/journal.ts";
import { OUTCOME_UNKNOWN, runTools } from "../../../agent/tool-calls.ts";
import { defineTool, type Risk, type Tool, type ToolContext } from "../../../agent/tools/tool.ts";

function step(id: string, name: string, change: Partial<Step> = {}): Step {
  const input = JSON.stringify({ id });
  return { id, kind: "tool", round: 0, state: "planned", name, risk: name as Risk, input, ...change };
}

/** A tool of each risk, under the risk's name. `run` is told when a call begins. */
function toolsWith(run: (id: string) => Promise<string>): Tool[] {
  return (["read", "idempotent", "unsafe"] as const).map((risk) =>
    defineTool({
      name: risk,
      description: risk,
      schema: z.object({ id: z.string() }),
      risk,
      run: ({ id }) => run(id),
    }),
  );
}

async function outputs(steps: Step[], tools: Tool[], signal = new AbortController().signal) {
  const finished = new Map<string, string>();
  const journal = {
    startTool: () => {},
    finishTool: (id: string, output: string) => void finished.set(id, output),
  } as unknown as Journal;
  const context = () => ({ signal }) as ToolContext;
  await runTools(steps, {
    journal,
    tools,
    refuse: () => undefined,
    hold: () => undefined,
    context,
    on: () => {},
  });
  return finished;
}

test("reads that stand together run at once: each may wait for the other", async () => {
  let begun = 0;
  let both = () => {};
  const met = new Promise<void>((resolve) => {
    both = resolve;
  });
  const tools = toolsWith(async (id) => {
    if (++begun === 2) both();
    await met;
    return `done ${id}`;
  });
  const finished = await outputs([step("a", "read"), step("b", "read")], tools);
  expect([...finished.values()].sort()).toEqual(["done a", "done b"]);
});

test("whatever writes runs alone, after what stands before it", async () => {
  const log: string[] = [];
  const tools = toolsWith(async (id) => {
    log.push(`+${id}`);
    await new Promise(setImmediate);
    log.push(`-${id}`);
    return id;
  });
  const risks = ["read", "idempotent", "unsafe", "idempotent", "read"];
  await outputs(
    risks.map((risk, index) => step(String(index), risk)),
    tools,
  );
  expect(log).toEqual(risks.flatMap((_, index) => [`+${index}`, `-${index}`]));
});

test("of calls that a crash left open only the unsafe one is not run again", async () => {
  const ran: string[] = [];
  const tools = toolsWith(async (id) => {
    ran.push(id);
    return "ran";
  });
  const open = { state: "started" as const };
  const steps = [step("r", "read", open), step("i", "idempotent", open), step("u", "unsafe", open)];
  const finished = await outputs(steps, tools);
  expect(ran).toEqual(["r", "i"]);
  expect(finished.get("u")).toBe(OUTCOME_UNKNOWN);
});

test("a call that hangs ends when the turn is stopped, and the others keep their results", async () => {
  const stop = new AbortController();
  const tools = toolsWith(async (id) => {
    if (id === "quick") return "quick result";
    stop.abort("stop");
    return new Promise<string>(() => {});
  });
  const finished = await outputs([step("quick", "read"), step("hangs", "read")], tools, stop.signal);
  expect(finished.get("hangs")).toMatch(/stopped before it ended/);
  expect(finished.get("quick")).toBe("quick result");
});

test("a failure is an answer to the model, and the next call runs", async () => {
  const tools = toolsWith(async (id) => {
    if (id === "bad") throw new TypeError("boom");
    return "fine";
  });
  const finished = await outputs([step("bad", "unsafe"), step("good", "unsafe")], tools);
  expect(finished.get("bad")).toContain("boom");
  expect(finished.get("good")).toBe("fine");
});
