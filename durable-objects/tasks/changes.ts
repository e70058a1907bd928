import type { TaskAnswer, TaskChange } from "../../agent/tasks.ts";
import { lowest } from "../../agent/trust.ts";
import { nextSlot } from "../../schedule/next.ts";
import { describe, type Schedule, ScheduleError } from "../../schedule/schedule.ts";
import type { Room } from "../room.ts";
import type { Asker } from "./asker.ts";
import type { Book } from "./book.ts";
import type { Runs, TaskRow } from "./runs.ts";
import type { Slots } from "./slots.ts";
import { changed, payloadOf, scheduleOf, writtenAs } from "./terms.ts";
import { taskView } from "./views.ts";
import { moment, named, span } from "./words.ts";

/** What can be done to a task that is there: each answers in a sentence. Call it inside a transaction. */
export class Changes {
  readonly #room: Room;
  readonly #book: Book;
  readonly #runs: Runs;
  readonly #slots: Slots;

  constructor(room: Room, book: Book, runs: Runs, slots: Slots) {
    this.#room = room;
    this.#book = book;
    this.#runs = runs;
    this.#slots = slots;
  }

  update(task: TaskRow, change: TaskChange, asker: Asker): TaskAnswer {
    if (isOver(task)) return refuse(`${named(task)} is over. Schedule a new one.`);
    if (change.prompt && change.message) return refuse("Give either `prompt` or `message`, not both.");
    const payload = change.prompt || change.message ? payloadOf(change) : undefined;
    const terms = { ...payload, ...changed(change), ...rightsOf(task, asker, payload !== undefined) };
    const row = { ...task, ...terms, ...this.#rescheduled(task, change) };
    this.#book.save(row);
    if (row.schedule !== task.schedule)
      this.#runs.cancel(task.id, "its schedule was changed", ["queued", "retrying"]);
    return { ok: true, said: `${named(row)} is changed: ${this.#state(row)}.`, tasks: [this.#view(row)] };
  }

  /** A new time starts now; what was due before keeps its fate. */
  #rescheduled(task: TaskRow, change: TaskChange): Partial<TaskRow> {
    const { schedule_type, schedule_value, timezone } = change;
    if (schedule_type === undefined && schedule_value === undefined && timezone === undefined) return {};
    const written = writtenAs(task.schedule);
    const zoneAlone = schedule_type === undefined && schedule_value === undefined;
    if (zoneAlone && written.type !== "cron")
      throw new ScheduleError("timezone", "alone changes nothing here: give the time too.", "Europe/Berlin");
    const zone = timezone ?? written.zone;
    const parsed = scheduleOf(
      {
        schedule_type: schedule_type ?? written.type,
        schedule_value: schedule_value ?? written.value,
        ...(zone ? { timezone: zone } : {}),
      },
      this.#room,
    );
    const handledTo = this.#slots.pass(task, "its schedule was changed");
    const nextAt =
      task.state === "active" ? (nextSlot(parsed, handledTo, this.#room.timezone) ?? null) : null;
    return { schedule: parsed, handledTo, nextAt, failures: 0, ...deleted(task, parsed, change) };
  }

  pause(task: TaskRow): TaskAnswer {
    if (task.state !== "active") return this.#already(task);
    const row = { ...task, state: "paused" as const, nextAt: null };
    this.#book.save(row);
    this.#runs.cancel(task.id, "the task was paused", ["queued", "retrying"]);
    return this.#did(row, `${named(task)} is paused.`);
  }

  resume(task: TaskRow): TaskAnswer {
    if (task.state !== "paused") return this.#already(task);
    const handledTo = this.#slots.pass(task, "the task was paused");
    const nextAt = nextSlot(task.schedule, handledTo, this.#room.timezone) ?? null;
    const state = nextAt === null ? ("done" as const) : ("active" as const);
    const row = { ...task, state, nextAt, handledTo, failures: 0 };
    this.#book.save(row);
    if (nextAt === null) return this.#did(row, `The time of ${named(task)} is past; it is over.`);
    return this.#did(row, `${named(task)} goes on. Next: ${this.#when(nextAt)}.`);
  }

  cancel(task: TaskRow): TaskAnswer {
    if (isOver(task)) return this.#already(task);
    this.#book.save({ ...task, state: "cancelled", nextAt: null });
    this.#runs.cancel(task.id, "the task was cancelled");
    return this.#did({ ...task, state: "cancelled", nextAt: null }, `${named(task)} is cancelled.`);
  }

  /** A run of its own: it moves no slot, and works on a paused task. One that waits to be tried again is not doubled. */
  run(task: TaskRow): TaskAnswer {
    if (task.state === "cancelled") return this.#already(task);
    if (!this.#room.active) return refuse("This chat is paused, so nothing runs in it.");
    if (task.run) return refuse(`${named(task)} runs at the moment.`);
    const failed = this.#runs.retrying(task.id);
    if (failed) {
      this.#runs.hasten(failed);
      return this.#did(task, `${named(task)} failed before and is tried again now.`);
    }
    const slot = this.#room.now();
    this.#runs.add({ task: task.id, slot, manual: true, state: "queued" });
    this.#runs.startNext(task.id);
    return this.#did(task, `${named(task)} runs now.`);
  }

  #already(task: TaskRow): TaskAnswer {
    const words = {
      active: "is not paused",
      paused: "is paused already",
      done: "is over",
      cancelled: "is cancelled",
    };
    return refuse(`${named(task)} ${words[task.state]}.`);
  }

  #did(task: TaskRow, said: string): TaskAnswer {
    return { ok: true, said, tasks: [this.#view(task)] };
  }

  #state(task: TaskRow): string {
    const next = task.nextAt === null ? task.state : `next ${this.#when(task.nextAt)}`;
    return `${describe(task.schedule, this.#room.timezone)}, ${next}`;
  }

  #when(at: number): string {
    return `${moment(at, this.#room.timezone)} (in ${span(at - this.#room.now())})`;
  }

  #view(task: TaskRow) {
    return taskView(task, this.#room.timezone);
  }
}

/** Of another type, it is deleted as a new one of that type would be. */
function deleted(task: TaskRow, { type }: Schedule, change: TaskChange): Partial<TaskRow> {
  if (change.delete_after_run !== undefined || type === task.schedule.type) return {};
  return { deleteAfterRun: type === "once" };
}

/** A changed task has no more rights than whoever changed it; who words it anew is its maker. */
function rightsOf(task: TaskRow, asker: Asker, worded: boolean): Partial<TaskRow> {
  const rights = { trust: lowest(task.trust, asker.trust), asMain: task.asMain && asker.main };
  return worded ? { ...rights, byId: asker.id, byName: asker.name, from: asker.from } : rights;
}

function isOver({ state }: TaskRow): boolean {
  return state === "done" || state === "cancelled";
}

/** The answer where nothing was done. */
export function refuse(said: string): TaskAnswer {
  return { ok: false, said };
}
