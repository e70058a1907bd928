/** The tables of a group's tasks. docs/storage.md says who writes each one and how long its rows live. */
import { sql } from "drizzle-orm";
import { index, integer, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Misfire } from "../../schedule/misfire.ts";
import type { Schedule } from "../../schedule/schedule.ts";

/** What is to be done at certain times. Ended tasks stay as tombstones with their runs. */
export const tasks = sqliteTable(
  "tasks",
  {
    id: text().primaryKey(),
    /** What people call it: 1, 2, 3 … in this group, never given twice. */
    number: integer().notNull(),
    /** The step or request that made it: the same cause makes one task. */
    key: text().notNull(),
    name: text().notNull(),
    /** `prompt`: a turn of the agent; `message`: sent as it is. */
    kind: text({ enum: ["prompt", "message"] }).notNull(),
    text: text().notNull(),
    schedule: text({ mode: "json" }).$type<Schedule>().notNull(),
    context: text({ enum: ["group", "isolated"] }).notNull(),
    deliver: integer({ mode: "boolean" }).notNull(),
    misfire: text().$type<Misfire>().notNull(),
    deleteAfterRun: integer("delete_after_run", { mode: "boolean" }).notNull(),
    thread: text().notNull(),
    state: text({ enum: ["active", "paused", "done", "cancelled"] }).notNull(),
    /** The next slot, in milliseconds; null when there is none or the task does not run. */
    nextAt: integer("next_at"),
    /** Every slot up to here has its fate, in milliseconds. */
    handledTo: integer("handled_to").notNull(),
    /** The run that is under way: one at a time. */
    run: text(),
    /** Failed slots in a row. */
    failures: integer().notNull(),
    lastResult: text("last_result"),
    byId: text("by_id").notNull(),
    byName: text("by_name").notNull(),
    /** The chat that asked for it. */
    from: text("from_address").notNull(),
    byAgent: integer("by_agent", { mode: "boolean" }).notNull(),
    /** Whether whoever made it had main's rights: a run has no more than its maker, and no more than its group. */
    asMain: integer("as_main", { mode: "boolean" }).notNull(),
    trust: text({ enum: ["owner", "member", "outside"] }).notNull(),
    trace: text().notNull(),
    createdAt: integer("created_at").notNull(),
    changedAt: integer("changed_at").notNull(),
  },
  (table) => [
    uniqueIndex("tasks_number").on(table.number),
    uniqueIndex("tasks_key").on(table.key),
    index("tasks_due").on(table.nextAt).where(sql`state = 'active' and run is null and next_at is not null`),
    index("tasks_state").on(table.state, table.number),
  ],
);

/** Run states that are not a fate yet. */
export const OPEN_RUNS = ["queued", "running", "retrying", "delivering"] as const;

/** One firing of a task, or what became of slots that did not fire. */
export const runs = sqliteTable(
  "task_runs",
  {
    id: text().primaryKey(),
    task: text().notNull(),
    /** When it was due, in milliseconds; of a row for many slots the first. */
    slot: integer().notNull(),
    /** Made by hand: moves no slot. */
    manual: integer({ mode: "boolean" }).notNull(),
    /** How many slots this row stands for, and the last of them. */
    slots: integer().notNull(),
    until: integer().notNull(),
    state: text({ enum: [...OPEN_RUNS, "ok", "failed", "skipped", "missed", "cancelled"] }).notNull(),
    turn: text(),
    /** Attempts that have failed. */
    attempts: integer().notNull(),
    /** How late it started, in milliseconds. */
    lateMs: integer("late_ms").notNull(),
    startedAt: integer("started_at"),
    endedAt: integer("ended_at"),
    result: text(),
    /** The label of what the result was made of. */
    trust: text({ enum: ["owner", "member", "outside"] }),
    error: text(),
    usd: real().notNull(),
    tokens: integer().notNull(),
  },
  (table) => [
    uniqueIndex("task_runs_slot").on(table.task, table.slot, table.manual),
    index("task_runs_task").on(table.task, table.id),
    index("task_runs_open")
      .on(table.state, table.id)
      .where(sql`state in ('queued', 'running', 'retrying', 'delivering')`),
  ],
);
