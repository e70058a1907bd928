/** The argument of `schedule_task` that has to change. */
export type ScheduleField = "schedule_type" | "schedule_value" | "timezone";

/** A schedule that cannot be kept. The message names the field, the reason and an example that works. */
export class ScheduleError extends Error {
  readonly field: ScheduleField;

  constructor(field: ScheduleField, reason: string, example: string) {
    super(`${field}: ${reason} Example: ${example}`);
    this.name = "ScheduleError";
    this.field = field;
  }
}
