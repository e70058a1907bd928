import { describe } from "../../schedule/schedule.ts";
import type { RunEnd, RunRow, TaskRow } from "./runs.ts";
import { named } from "./words.ts";

/** Failed slots in a row after which people are told, and after which the task is paused. */
const TELL_AFTER = 3;
const PAUSE_AFTER = 10;

/** What the end of a run makes of its task, and what people are told of it. */
export interface Outcome {
  change: Partial<TaskRow>;
  told?: string;
}

/** Of a run by hand the task keeps only the result: its slots go their way. */
export function outcomeOf(
  task: TaskRow,
  run: RunRow,
  end: Pick<RunEnd, "state" | "error">,
  zone: string,
): Outcome {
  const freed = { run: task.run === run.id ? null : task.run };
  const error = end.error ?? "it failed";
  const result = end.state === "ok" ? { lastResult: run.result } : {};
  if (run.manual) {
    const told = `${named(task)}, run by hand, failed: ${error}`;
    return { change: { ...freed, ...result }, ...(end.state === "failed" ? { told } : {}) };
  }
  const over = isOver(task, end.state) ? { state: "done" as const, nextAt: null } : {};
  if (end.state !== "failed")
    return { change: { ...freed, ...result, ...over, ...(end.state === "ok" ? { failures: 0 } : {}) } };
  const { change, ...rest } = failed(task, error, zone);
  return { change: { ...freed, ...over, ...change }, ...rest };
}

/** Tells people: of a single task at once, of a recurring one when it fails again and again. */
function failed(task: TaskRow, error: string, zone: string): Outcome {
  const failures = task.failures + 1;
  const rhythm = describe(task.schedule, zone);
  if (task.schedule.type === "once")
    return { change: { failures }, told: `${named(task)} failed (${rhythm}): ${error}` };
  if (failures >= PAUSE_AFTER && task.state === "active")
    return {
      change: { failures, state: "paused", nextAt: null },
      told: `${named(task)} failed ${failures} times in a row, so I paused it: ${error}. To go on, write: resume task ${task.number}`,
    };
  if (failures !== TELL_AFTER) return { change: { failures } };
  return {
    change: { failures },
    told: `${named(task)} (${rhythm}) failed ${failures} times in a row: ${error}`,
  };
}

/**
 * A single task ends with its slot, unless it has got another time meanwhile; one that is to be deleted, with its first
 * success. What was cancelled stays so, and a pause that cancels a run is a pause.
 */
function isOver(task: TaskRow, state: RunEnd["state"]): boolean {
  if (task.state === "cancelled" || (task.state === "paused" && state === "cancelled")) return false;
  if (task.schedule.type === "once") return task.schedule.at <= task.handledTo;
  return task.deleteAfterRun && state === "ok";
}
