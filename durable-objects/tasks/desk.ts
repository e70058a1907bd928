import type { NewTask, TaskAnswer, TaskChange, TaskRequest } from "../../agent/tasks.ts";
import { nextSlot } from "../../schedule/next.ts";
import { describe, parseSchedule, type Schedule, ScheduleError } from "../../schedule/schedule.ts";
import type { Room } from "../room.ts";
import { Book } from "./book.ts";
import type { Runs, TaskRow } from "./runs.ts";
import type { Slots } from "./slots.ts";
import { listText, runView, taskText, taskView } from "./views.ts";
import { moment, named, span } from "./words.ts";

/** Who asks, as the host knows it. */
export interface Asker {
  id: string;
  name: string;
  /** The chat that asks. */
  from: string;
  /** With main's rights. */
  main: boolean;
  agent: boolean;
  trust: TaskRow["trust"];
  thread: string;
  /** The step or request: the same one makes one task. */
  key: string;
  trace: string;
}

/** Where tasks are made and changed. Every answer is a sentence; nothing here throws for what the asker can mend. */
export class Desk {
  readonly #room: Room;
  readonly #book: Book;
  readonly #runs: Runs;
  readonly #slots: Slots;

  constructor(room: Room, runs: Runs, slots: Slots) {
    this.#room = room;
    this.#book = new Book(room);
    this.#runs = runs;
    this.#slots = slots;
  }

  /** Does what is asked. Call it inside a transaction: a change and its cause are one. */
  ask(request: TaskRequest, asker: Asker): TaskAnswer {
    try {
      return this.#ask(request, asker);
    } catch (error) {
      if (error instanceof ScheduleError) return { ok: false, said: error.message };
      throw error;
    }
  }

  #ask(request: TaskRequest, asker: Asker): TaskAnswer {
    if (request.verb === "schedule") return this.#schedule(request.task, asker);
    if (request.verb === "list") return this.#list();
    const task = this.#book.find(request.task);
    if (!task) {
      const said = `There is no task "${request.task.slice(0, 80)}" here. ${this.#book.hint()}`;
      return { ok: false, missing: true, said };
    }
    switch (request.verb) {
      case "get":
        return this.#get(task);
      case "update":
        return this.#update(task, request.change);
      case "pause":
        return this.#pause(task);
      case "resume":
        return this.#resume(task);
      case "cancel":
        return this.#cancel(task);
      case "run":
        return this.#run(task);
    }
  }

  #schedule(fields: NewTask, asker: Asker): TaskAnswer {
    const known = this.#book.of(asker.key);
    if (known) return this.#made(known);
    const payload = payloadOf(fields);
    if (!payload) return refuse("Give either `prompt` (I do it then) or `message` (sent as it is).");
    const full = this.#book.full(asker.agent);
    if (full) return refuse(full);
    const schedule = this.#parse(fields);
    const now = this.#room.now();
    const row: TaskRow = {
      id: this.#room.newId(),
      number: this.#book.number(),
      key: asker.key,
      ...payload,
      ...choices(fields, schedule),
      name: fields.name ?? nameFrom(payload.text),
      schedule,
      thread: asker.thread,
      state: "active",
      nextAt: nextSlot(schedule, now, this.#room.timezone) ?? null,
      handledTo: now,
      run: null,
      failures: 0,
      lastResult: null,
      byId: asker.id,
      byName: asker.name,
      from: asker.from,
      byAgent: asker.agent,
      asMain: asker.main,
      trust: asker.trust,
      trace: asker.trace,
      createdAt: now,
      changedAt: now,
    };
    this.#book.add(row);
    return this.#made(row);
  }

  #made(task: TaskRow): TaskAnswer {
    const { timezone } = this.#room;
    const next = task.nextAt === null ? "" : ` Next: ${this.#when(task.nextAt)}.`;
    const said = `${named(task)} is set: ${describe(task.schedule, timezone)}.${task.schedule.type === "once" ? "" : next}`;
    return { ok: true, said, tasks: [this.#view(task)] };
  }

  #list(): TaskAnswer {
    const rows = this.#book.list();
    return { ok: true, said: listText(rows, this.#room), tasks: rows.map((row) => this.#view(row)) };
  }

  #get(task: TaskRow): TaskAnswer {
    const rows = this.#runs.of(task.id);
    const said = taskText(task, rows, this.#room);
    return { ok: true, said, tasks: [this.#view(task)], runs: rows.map(runView) };
  }

  #update(task: TaskRow, change: TaskChange): TaskAnswer {
    if (isOver(task)) return refuse(`${named(task)} is over. Schedule a new one.`);
    if (change.prompt && change.message) return refuse("Give either `prompt` or `message`, not both.");
    const payload = change.prompt || change.message ? payloadOf(change) : undefined;
    const row = { ...task, ...payload, ...changed(change), ...this.#rescheduled(task, change) };
    this.#book.save(row);
    return { ok: true, said: `${named(row)} is changed: ${this.#state(row)}.`, tasks: [this.#view(row)] };
  }

  /** A new time starts now; what was due before keeps its fate. */
  #rescheduled(task: TaskRow, change: TaskChange): Partial<TaskRow> {
    const { schedule_type, schedule_value, timezone } = change;
    if (schedule_type === undefined && schedule_value === undefined && timezone === undefined) return {};
    const written = writtenAs(task.schedule);
    const zone = timezone ?? written.zone;
    const parsed = this.#parse({
      schedule_type: schedule_type ?? written.type,
      schedule_value: schedule_value ?? written.value,
      ...(zone ? { timezone: zone } : {}),
    });
    const handledTo = this.#slots.pass(task, "its schedule was changed");
    this.#runs.cancel(task.id, "its schedule was changed", ["queued", "retrying"]);
    const nextAt =
      task.state === "active" ? (nextSlot(parsed, handledTo, this.#room.timezone) ?? null) : null;
    return { schedule: parsed, handledTo, nextAt, failures: 0 };
  }

  #pause(task: TaskRow): TaskAnswer {
    if (task.state !== "active") return this.#already(task);
    this.#runs.cancel(task.id, "the task was paused", ["queued", "retrying"]);
    const row = { ...task, state: "paused" as const, nextAt: null };
    this.#book.save(row);
    return this.#did(row, `${named(task)} is paused.`);
  }

  #resume(task: TaskRow): TaskAnswer {
    if (task.state !== "paused") return this.#already(task);
    const handledTo = this.#slots.pass(task, "the task was paused");
    const nextAt = nextSlot(task.schedule, handledTo, this.#room.timezone) ?? null;
    const state = nextAt === null ? ("done" as const) : ("active" as const);
    const row = { ...task, state, nextAt, handledTo, failures: 0 };
    this.#book.save(row);
    if (nextAt === null) return this.#did(row, `The time of ${named(task)} is past; it is over.`);
    return this.#did(row, `${named(task)} goes on. Next: ${this.#when(nextAt)}.`);
  }

  #cancel(task: TaskRow): TaskAnswer {
    if (isOver(task)) return this.#already(task);
    this.#book.save({ ...task, state: "cancelled", nextAt: null });
    this.#runs.cancel(task.id, "the task was cancelled");
    return this.#did({ ...task, state: "cancelled", nextAt: null }, `${named(task)} is cancelled.`);
  }

  /** A run of its own: it moves no slot, and works on a paused task. */
  #run(task: TaskRow): TaskAnswer {
    if (task.state === "cancelled") return this.#already(task);
    if (task.run) return refuse(`${named(task)} runs at the moment.`);
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

  #parse(fields: Pick<NewTask, "schedule_type" | "schedule_value" | "timezone">): Schedule {
    const { schedule_type: type, schedule_value: value, timezone } = fields;
    const input = { type, value, ...(timezone ? { zone: timezone } : {}) };
    const schedule = parseSchedule(input, { now: this.#room.now(), zone: this.#room.timezone });
    if (nextSlot(schedule, this.#room.now(), this.#room.timezone) === undefined)
      throw new ScheduleError("schedule_value", "this time never comes.", "0 9 * * 1");
    return schedule;
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

function payloadOf({
  prompt,
  message,
}: Pick<NewTask, "prompt" | "message">): Pick<TaskRow, "kind" | "text"> | undefined {
  if (prompt && !message) return { kind: "prompt", text: prompt };
  if (message && !prompt) return { kind: "message", text: message };
  return undefined;
}

function choices(fields: NewTask, schedule: Schedule) {
  return {
    context: fields.context ?? ("group" as const),
    deliver: fields.deliver ?? true,
    misfire: fields.misfire ?? ("once" as const),
    deleteAfterRun: fields.delete_after_run ?? schedule.type === "once",
  };
}

function changed({ name, context, deliver, misfire, delete_after_run }: TaskChange): Partial<TaskRow> {
  const all = { name, context, deliver, misfire, deleteAfterRun: delete_after_run };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

/** The first words of a text. */
function nameFrom(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= 40 ? line : `${line.slice(0, 39).toWellFormed().trimEnd()}…`;
}

/** A schedule as it could have been written. */
function writtenAs(schedule: Schedule): { type: string; value: string; zone?: string } {
  switch (schedule.type) {
    case "once":
      return { type: "once", value: new Date(schedule.at).toISOString() };
    case "interval":
      return { type: "interval", value: String(schedule.every) };
    case "cron":
      return { type: "cron", value: schedule.expression, ...(schedule.zone ? { zone: schedule.zone } : {}) };
  }
}

function isOver({ state }: TaskRow): boolean {
  return state === "done" || state === "cancelled";
}

function refuse(said: string): TaskAnswer {
  return { ok: false, said };
}
