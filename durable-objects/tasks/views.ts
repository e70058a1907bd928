import type { RunView, TaskView } from "../../agent/tasks.ts";
import { describe } from "../../schedule/schedule.ts";
import type { Room } from "../room.ts";
import type { RunRow, TaskRow } from "./runs.ts";
import { moment, named, span } from "./words.ts";

/** A task as programs see it. */
export function taskView(task: TaskRow, zone: string): TaskView {
  const {
    number,
    name,
    state,
    kind,
    text,
    nextAt,
    context,
    deliver,
    misfire,
    deleteAfterRun,
    failures,
    lastResult,
  } = task;
  const { byName: by, createdAt } = task;
  return {
    number,
    name,
    state,
    kind,
    text,
    schedule: describe(task.schedule, zone),
    nextAt,
    running: task.run !== null,
    context,
    deliver,
    misfire,
    deleteAfterRun,
    failures,
    lastResult,
    by,
    createdAt,
    outside: task.trust === "outside",
  };
}

/** A run as programs see it. */
export function runView(run: RunRow): RunView {
  const { slot, slots, manual, state, lateMs, startedAt, endedAt, result, error, usd, tokens, trust } = run;
  const durationMs = startedAt === null || endedAt === null ? null : endedAt - startedAt;
  const outside = trust === "outside";
  return { slot, slots, manual, state, lateMs, startedAt, durationMs, result, outside, error, usd, tokens };
}

/** A line for each task, for people. */
export function listText(tasks: TaskRow[], room: Pick<Room, "timezone" | "now">): string {
  if (tasks.length === 0) return "There are no tasks here.";
  return tasks.map((task) => `- ${line(task, room)}`).join("\n");
}

/** A task and its last runs, for people. */
export function taskText(task: TaskRow, runs: RunRow[], room: Pick<Room, "timezone" | "now">): string {
  const { kind, context, deliver, misfire, text, byName } = task;
  const how = `${kind}, ${context} context, ${deliver ? "delivered" : "silent"}, misfire ${misfire}, made by ${byName}`;
  const lines = runs.map((run) => `- ${runLine(run, room.timezone)}`);
  return [
    line(task, room),
    `(${how})`,
    text,
    lines.length > 0 ? "Runs, newest first:" : "No runs yet.",
    ...lines,
  ].join("\n");
}

function line(task: TaskRow, { timezone, now }: Pick<Room, "timezone" | "now">): string {
  const rhythm = describe(task.schedule, timezone);
  const next =
    task.nextAt === null
      ? ""
      : `, next ${moment(task.nextAt, timezone)} (in ${span(Math.max(0, task.nextAt - now()))})`;
  const state = task.run ? ", running" : task.state === "active" ? "" : `, ${task.state}`;
  const trouble = task.failures > 0 ? `, failed ${task.failures} times in a row` : "";
  return `${named(task)}: ${rhythm}${next}${state}${trouble}`;
}

function runLine(run: RunRow, zone: string): string {
  const many = run.slots > 1 ? ` and ${run.slots - 1} more slots up to ${moment(run.until, zone)}` : "";
  const late = run.lateMs > 1000 && run.startedAt !== null ? `, ${span(run.lateMs)} late` : "";
  const took =
    run.startedAt !== null && run.endedAt !== null ? `, took ${span(run.endedAt - run.startedAt)}` : "";
  const cost = run.tokens > 0 ? `, ${run.tokens} tokens, $${run.usd.toFixed(4)}` : "";
  const what = run.error ? `: ${run.error}` : run.result ? `: ${run.result}` : "";
  return `${moment(run.slot, zone)}${many}${run.manual ? " (by hand)" : ""}: ${run.state}${late}${took}${cost}${what}`;
}
