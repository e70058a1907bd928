import type { RunView, ShownAnswer } from "../workers/task-api.ts";
import { shortened, span, table, time } from "./table.ts";

type ShownTask = ShownAnswer["tasks"][number];

/** A line for each task; `groups` says which chat it is of. */
export function taskTable(tasks: ShownTask[], groups: boolean): string {
  const head = ["#", "name", "schedule", "next", "state", "last result"];
  const rows = tasks.map((task) => [
    String(task.number),
    shortened(task.name, 30),
    task.schedule,
    task.nextAt === null ? "-" : `${time(task.nextAt, task.timezone)} ${task.timezone}`,
    stateOf(task),
    task.lastResult === null ? "-" : shortened(task.lastResult, 40),
  ]);
  if (!groups) return table(head, rows);
  const named = rows.map((row, index) => [tasks[index]!.group, ...row]);
  return table(["group", ...head], named);
}

/** A line for each run, newest first. */
export function runTable(runs: RunView[], zone: string): string {
  const head = ["slot", "status", "late", "took", "cost", "what came of it"];
  const rows = runs.map((run) => [
    slotOf(run, zone),
    run.state,
    run.startedAt === null || run.lateMs === 0 ? "-" : span(run.lateMs),
    run.durationMs === null ? "-" : span(run.durationMs),
    run.tokens === 0 ? "-" : `$${run.usd.toFixed(4)}, ${run.tokens} tokens`,
    shortened(run.error ?? run.result ?? "-"),
  ]);
  return table(head, rows);
}

function stateOf({ state, running, failures }: ShownTask): string {
  const now = running ? "running" : state;
  return failures > 0 ? `${now}, failed ${failures} times in a row` : now;
}

function slotOf({ slot, slots, manual }: RunView, zone: string): string {
  const at = `${time(slot, zone)} ${zone}`;
  if (manual) return `${at} (by hand)`;
  return slots > 1 ? `${at} and ${slots - 1} more` : at;
}
