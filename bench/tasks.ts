import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { TaskAnswer } from "../agent/tasks.ts";
import { type Install, update } from "./install.ts";
import { figure, inTurns, percentiles } from "./measure.ts";

const GROUPS = 100;
const TASKS = 1000;

/** Reminders of an idle install, a thousand at once, and the cost of a change among a thousand. */
export async function tasks(to: Install): Promise<void> {
  await lateness(to);
  await amongMany(to);
  await atOnce(to);
}

/** How late single reminders start. */
async function lateness(to: Install): Promise<void> {
  const late: number[] = [];
  for (let index = 0; index < 10; index++) {
    const number = await schedule(to, "web:main", {
      message: "Stretch.",
      ...once(Date.now() + 1500 + 137 * index),
    });
    late.push((await finished(to, "web:main", number)).lateMs);
  }
  figure("lateness of a reminder, median", percentiles(late).p50, "ms", { most: 100 });
}

/** A task is paused and resumed among a thousand: its next slot is found and the alarm armed again. */
async function amongMany(to: Install): Promise<void> {
  const [few, many] = ["telegram:-600", "telegram:-601"];
  await Promise.all([few, many].map((group) => register(to, group)));
  await schedule(to, few, { message: "Tick.", schedule_type: "cron", schedule_value: "0 9 * * 1" });
  await inTurns(TASKS - 1, 8, (index) =>
    schedule(to, many, {
      message: "Tick.",
      schedule_type: "cron",
      schedule_value: `${index % 60} ${index % 24} * * 1`,
    }),
  );
  const times = { [few]: [] as number[], [many]: [] as number[] };
  for (let round = 0; round < 50; round++) {
    for (const group of [few, many]) {
      const at = performance.now();
      await call(to, "POST", `/tasks/1/${round % 2 === 0 ? "pause" : "resume"}`, group);
      times[group]!.push(performance.now() - at);
    }
  }
  const more = percentiles(times[many]!).p50 - percentiles(times[few]!).p50;
  figure("a change among 1,000 tasks, beyond that of one", Math.max(0, more), "ms", { most: 5 });
}

/** A thousand tasks of a hundred groups, due at one moment. */
async function atOnce(to: Install): Promise<void> {
  const groups = Array.from({ length: GROUPS }, (_, index) => `telegram:-${7000 + index}`);
  await inTurns(GROUPS, 8, (index) => register(to, groups[index]!));
  const due = Date.now() + 60_000;
  const numbers: number[] = [];
  await inTurns(TASKS, 16, async (index) => {
    numbers[index] = await schedule(to, groups[index % GROUPS]!, { message: `Task ${index}.`, ...once(due) });
  });
  await new Promise((done) => setTimeout(done, Math.max(0, due - Date.now())));
  const late: number[] = [];
  await inTurns(TASKS, 8, async (index) => {
    const run = await finished(to, groups[index % GROUPS]!, numbers[index]!);
    late.push(run.lateMs);
  });
  figure("1,000 tasks of 100 groups at one moment, the last started", Math.max(...late) / 1000, "s", {
    most: 10,
  });
}

const once = (at: number) => ({ schedule_type: "once", schedule_value: new Date(at).toISOString() });

async function register(to: Install, address: string): Promise<void> {
  await to.post(update(Number(address.split(":")[1]), "@Flare hello", `Group ${address}`));
  await to.api("/groups", "POST", { name: address });
}

async function schedule(to: Install, group: string, task: object): Promise<number> {
  const answer = await call(to, "POST", "/tasks", group, task);
  if (!answer.tasks?.[0]) throw new Error(`no task was made: ${JSON.stringify(answer)}`);
  return answer.tasks[0].number;
}

/** The one run of a task, once it has ended. Throws when there is more than one. */
async function finished(to: Install, group: string, number: number) {
  for (;;) {
    const { runs = [] } = await call(to, "GET", `/tasks/${number}`, group);
    if (runs.length > 1) throw new Error(`task ${number} of ${group} ran ${runs.length} times`);
    if (runs[0] && !["queued", "running", "delivering"].includes(runs[0].state)) return runs[0];
    await new Promise((done) => setTimeout(done, 100));
  }
}

async function call(
  to: Install,
  method: string,
  path: string,
  group: string,
  body?: object,
): Promise<TaskAnswer> {
  const authorization = `Bearer ${readFileSync(join(to.stateDir, "admin-token"), "utf8").trim()}`;
  const response = await fetch(`${to.url}/api${path}?group=${encodeURIComponent(group)}`, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return (await response.json()) as TaskAnswer;
}
