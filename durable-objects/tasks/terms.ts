import type { NewTask, TaskChange } from "../../agent/tasks.ts";
import { nextSlot } from "../../schedule/next.ts";
import { parseSchedule, type Schedule, ScheduleError } from "../../schedule/schedule.ts";
import type { Room } from "../room.ts";
import type { TaskRow } from "./runs.ts";

/**
 * Reads when a task is due.
 * @throws ScheduleError where it can't be read or never comes
 */
export function scheduleOf(
  fields: Pick<NewTask, "schedule_type" | "schedule_value" | "timezone">,
  room: Pick<Room, "now" | "timezone">,
): Schedule {
  const { schedule_type: type, schedule_value: value, timezone } = fields;
  const input = { type, value, ...(timezone ? { zone: timezone } : {}) };
  const schedule = parseSchedule(input, { now: room.now(), zone: room.timezone });
  if (nextSlot(schedule, room.now(), room.timezone) === undefined)
    throw new ScheduleError("schedule_value", "this time never comes.", "0 9 * * 1");
  return schedule;
}

/** What a task does; undefined unless exactly one of both is given. */
export function payloadOf({
  prompt,
  message,
}: Pick<NewTask, "prompt" | "message">): Pick<TaskRow, "kind" | "text"> | undefined {
  if (prompt && !message) return { kind: "prompt", text: prompt };
  if (message && !prompt) return { kind: "message", text: message };
  return undefined;
}

/** How a new task is run, where nothing else is said. */
export function choices(fields: NewTask, schedule: Schedule) {
  return {
    context: fields.context ?? ("group" as const),
    deliver: fields.deliver ?? true,
    misfire: fields.misfire ?? ("once" as const),
    deleteAfterRun: fields.delete_after_run ?? schedule.type === "once",
  };
}

/** What a change says of how a task is run. */
export function changed({ name, context, deliver, misfire, delete_after_run }: TaskChange): Partial<TaskRow> {
  const all = { name, context, deliver, misfire, deleteAfterRun: delete_after_run };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The first words of a text. */
export function nameFrom(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= 40 ? line : `${line.slice(0, 39).toWellFormed().trimEnd()}…`;
}

/** A schedule as it could have been written. */
export function writtenAs(schedule: Schedule): { type: string; value: string; zone?: string } {
  switch (schedule.type) {
    case "once":
      return { type: "once", value: new Date(schedule.at).toISOString() };
    case "interval":
      return { type: "interval", value: String(schedule.every) };
    case "cron":
      return { type: "cron", value: schedule.expression, ...(schedule.zone ? { zone: schedule.zone } : {}) };
  }
}
