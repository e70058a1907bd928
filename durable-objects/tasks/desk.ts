import type { NewTask, TaskAnswer, TaskRequest } from "../../agent/tasks.ts";
import { nextSlot } from "../../schedule/next.ts";
import { describe, ScheduleError } from "../../schedule/schedule.ts";
import type { Audit } from "../audit.ts";
import type { Room } from "../room.ts";
import type { Asker } from "./asker.ts";
import { Book } from "./book.ts";
import { Changes, refuse } from "./changes.ts";
import type { Runs, TaskRow } from "./runs.ts";
import type { Slots } from "./slots.ts";
import { choices, nameFrom, payloadOf, scheduleOf } from "./terms.ts";
import { listText, runView, taskText, taskView } from "./views.ts";
import { moment, named, span } from "./words.ts";

/** Where tasks are made, shown and changed. Every answer is a sentence; nothing here throws for what the asker can mend. */
export class Desk {
  readonly #room: Room;
  readonly #book: Book;
  readonly #runs: Runs;
  readonly #slots: Slots;
  readonly #changes: Changes;
  readonly #audit: Audit;

  constructor(room: Room, runs: Runs, slots: Slots, audit: Audit) {
    this.#room = room;
    this.#book = new Book(room);
    this.#runs = runs;
    this.#slots = slots;
    this.#audit = audit;
    this.#changes = new Changes(room, this.#book, runs, slots);
  }

  /** Does what is asked. Call it inside a transaction: a change and its cause are one. */
  ask(request: TaskRequest, asker: Asker): TaskAnswer {
    this.#slots.follow();
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
    const answer = this.#about(request, asker);
    if (answer.ok && request.verb !== "get") this.#record(request.verb, answer, asker);
    return answer;
  }

  #about(request: Exclude<TaskRequest, { verb: "schedule" | "list" }>, asker: Asker): TaskAnswer {
    const task = this.#book.find(request.task);
    if (!task) {
      const said = `There is no task "${request.task.slice(0, 80)}" here. ${this.#book.hint()}`;
      return { ok: false, missing: true, said };
    }
    // Also a refusal tells its name.
    const tasks = [this.#view(task)];
    switch (request.verb) {
      case "get":
        return this.#get(task);
      case "update":
        return { tasks, ...this.#changes.update(task, request.change, asker) };
      default:
        return { tasks, ...this.#changes[request.verb](task) };
    }
  }

  #schedule(fields: NewTask, asker: Asker): TaskAnswer {
    const known = this.#book.of(asker.key);
    if (known) return this.#made(known);
    const payload = payloadOf(fields);
    if (!payload) return refuse("Give either `prompt` (I do it then) or `message` (sent as it is).");
    const full = this.#book.full(asker.agent);
    if (full) return refuse(full);
    const schedule = scheduleOf(fields, this.#room);
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
    const made = this.#made(row);
    this.#record("schedule", made, asker);
    return made;
  }

  /** Who changed what, and from which chat. */
  #record(verb: string, { said, tasks = [] }: TaskAnswer, { id, from, trust }: Asker): void {
    const who = from.includes(":") ? `${from.split(":")[0]}:${id}` : id;
    const [task] = tasks;
    if (task) this.#audit.record(who, `${verb} ${named(task)}`, `${said} (${from}, ${trust})`);
  }

  #made(task: TaskRow): TaskAnswer {
    const { timezone } = this.#room;
    const next = task.nextAt === null ? "" : ` Next: ${this.#when(task.nextAt)}.`;
    const said = `${named(task)} is set: ${describe(task.schedule, timezone)}.${task.schedule.type === "once" ? "" : next}`;
    return { ok: true, said, tasks: [this.#view(task)] };
  }

  #list(): TaskAnswer {
    const rows = this.#book.list();
    const more = this.#book.count() - rows.length;
    const said = `${listText(rows, this.#room)}${more > 0 ? `\n… and ${more} more.` : ""}`;
    return { ok: true, said, tasks: rows.map((row) => this.#view(row)) };
  }

  #get(task: TaskRow): TaskAnswer {
    const rows = this.#runs.of(task.id);
    const said = taskText(task, rows, this.#room);
    return { ok: true, said, tasks: [this.#view(task)], runs: rows.map(runView) };
  }

  #when(at: number): string {
    return `${moment(at, this.#room.timezone)} (in ${span(at - this.#room.now())})`;
  }

  #view(task: TaskRow) {
    return taskView(task, this.#room.timezone);
  }
}
