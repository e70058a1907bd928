import { ON_TIME } from "../../schedule/misfire.ts";
import type { RunRow, TaskRow } from "./runs.ts";

/** `Task 3 "stretch"`. */
export function named(task: Pick<TaskRow, "number" | "name">): string {
  return `Task ${task.number} "${task.name}"`;
}

/** Says that a run is late and when it was due; empty where it is on time. */
export function lateness(run: Pick<RunRow, "slot" | "lateMs">, zone: string): string {
  if (run.lateMs <= ON_TIME) return "";
  return `late: this was due ${moment(run.slot, zone)}`;
}

/** `Nov 21, 2026, 09:00`, in a zone. */
export function moment(at: number, zone: string): string {
  const format = { dateStyle: "medium", timeStyle: "short", hourCycle: "h23", timeZone: zone } as const;
  return new Intl.DateTimeFormat("en-US", format).format(at).replace(/\s+/gu, " ");
}

/** `2 h`, `45 s`: how far off something is, in one unit. */
export function span(ms: number): string {
  const units: [number, string][] = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1000, "s"],
  ];
  const [size, unit] = units.find(([size]) => ms >= 2 * size) ?? units.at(-1)!;
  return `${Math.round(ms / size)} ${unit}`;
}
