import * as z from "zod";

/** The longest text of a task, in characters. */
const LONGEST = 8000;

const optional = {
  name: z.string().trim().min(1).max(80).optional(),
  prompt: z.string().trim().min(1).max(LONGEST).optional(),
  message: z.string().trim().min(1).max(LONGEST).optional(),
  timezone: z.string().optional(),
  context: z.enum(["group", "isolated"]).optional(),
  deliver: z.boolean().optional(),
  misfire: z.enum(["once", "skip", "all"]).optional(),
  delete_after_run: z.boolean().optional(),
};
const value = z.union([z.string(), z.number()]).transform(String);

/** A new task, as the model, the API and the CLI write it. Exactly one of `prompt` and `message` is needed. */
export const newTask = z.object({ schedule_type: z.string(), schedule_value: value, ...optional });
/** A change: what is left out stays. */
export const taskChange = z.object({
  schedule_type: z.string().optional(),
  schedule_value: value.optional(),
  ...optional,
});

export type NewTask = z.infer<typeof newTask>;
export type TaskChange = z.infer<typeof taskChange>;

/** What can be asked of a group's tasks. `task` is a number or a name. */
export type TaskRequest =
  | { verb: "schedule"; task: NewTask }
  | { verb: "list" }
  | { verb: "get"; task: string }
  | { verb: "update"; task: string; change: TaskChange }
  | { verb: "pause" | "resume" | "cancel" | "run"; task: string };

/** A task as people and programs see it. Times are milliseconds since the epoch. */
export interface TaskView {
  number: number;
  name: string;
  state: "active" | "paused" | "done" | "cancelled";
  kind: "prompt" | "message";
  text: string;
  /** In words, with its zone. */
  schedule: string;
  nextAt: number | null;
  running: boolean;
  context: "group" | "isolated";
  deliver: boolean;
  misfire: "once" | "skip" | "all";
  deleteAfterRun: boolean;
  failures: number;
  lastResult: string | null;
  by: string;
  createdAt: number;
  /** It was made, or changed, by who had read text from outside. */
  outside: boolean;
}

/** One firing. `slots` above 1: so many slots share this fate. */
export interface RunView {
  slot: number;
  slots: number;
  manual: boolean;
  state: string;
  lateMs: number;
  startedAt: number | null;
  /** Milliseconds; null while it runs. */
  durationMs: number | null;
  result: string | null;
  /** The result was made of text from outside. */
  outside: boolean;
  error: string | null;
  usd: number;
  tokens: number;
}

/** The answer: a text for people and models, and what it is about as data. */
export interface TaskAnswer {
  ok: boolean;
  /** There is no such task. */
  missing?: true;
  said: string;
  tasks?: TaskView[];
  runs?: RunView[];
}

/** The tasks of a group, as a tool reaches them. */
export interface Tasks {
  /**
   * Does what is asked, here or (for main) in the group of this name; `all` lists every group's. A local change and
   * `commit` are one transaction. Never throws for what the caller can mend: `ok` is false then.
   */
  ask(request: TaskRequest, group: string | undefined, commit: (said: string) => void): Promise<TaskAnswer>;
}
