import { ask, clientOf, type Target } from "./client.ts";
import { runTable, taskTable } from "./task-list.ts";
import { Trouble } from "./trouble.ts";

/** Which chat: by name or address, or by channel and chat id. Without any the console's. */
export interface PlaceOptions {
  group?: string;
  channel?: string;
  to?: string;
  json?: boolean;
}

/** What a new task is, as the command line says it. */
export interface AddOptions extends PlaceOptions {
  name?: string;
  message: string;
  /** The message is sent as it is. */
  asIs?: boolean;
  every?: string;
  cron?: string;
  at?: string;
  tz?: string;
  deliver?: boolean;
}

/** Prints the tasks of a chat, or of all chats. */
export async function listTasks(target: Target, options: PlaceOptions & { all?: boolean }): Promise<void> {
  const group = options.all ? "all" : groupOf(options);
  const answer = await ask(target, clientOf(target).tasks.$get({ query: { group } }));
  const { said, tasks } = answer;
  if (options.json) return print(tasks);
  if (tasks.length > 0) console.log(taskTable(tasks, group === "all"));
  else console.log(group === "all" ? said : noTasksIn(group));
  const more = "more" in answer ? answer.more : 0;
  if (more && tasks.length > 0) console.log(`${more} more chats were not asked: name one with --group.`);
}

function noTasksIn(group: string): string {
  return `There are no tasks in ${group}. Another chat: --group cli:main (the terminal's), all chats: --all.`;
}

/** Makes a task, and prints when it is due. */
export async function addTask(target: Target, options: AddOptions): Promise<void> {
  const { name, message, asIs, tz: timezone, deliver } = options;
  const text = asIs ? { message } : { prompt: message };
  const json = { ...text, ...scheduleOf(options), name, timezone, deliver };
  const query = { group: groupOf(options) };
  const { said, tasks } = await ask(target, clientOf(target).tasks.$post({ query, json }));
  if (options.json) return print(tasks[0]);
  console.log(said);
}

/** Changes or starts a task, and prints what came of it. */
export async function changeTask(
  target: Target,
  verb: "remove" | "enable" | "disable" | "run",
  task: string,
  options: PlaceOptions,
): Promise<void> {
  const { said, tasks } = await ask(target, asked(target, verb, about(task, options)));
  if (options.json) return print(tasks[0]);
  console.log(said);
}

/** Prints the last runs of a task: when it was due, how it went, how long it took, how late it was, what it cost. */
export async function listRuns(target: Target, task: string, options: PlaceOptions): Promise<void> {
  const url = clientOf(target).tasks[":task"].runs;
  const { tasks, runs = [] } = await ask(target, url.$get(about(task, options)));
  if (options.json) return print(runs);
  console.log(runs.length > 0 ? runTable(runs, tasks[0]!.timezone) : "It has not run yet.");
}

/** Has HEARTBEAT.md looked after now, or prints what the heartbeat does. */
export async function heartbeat(
  target: Target,
  verb: "now" | "status",
  options: PlaceOptions,
): Promise<void> {
  const url = clientOf(target).heartbeat;
  const query = { group: groupOf(options) };
  const answer = await ask(target, verb === "now" ? url.now.$post({ query }) : url.$get({ query }));
  if (options.json) return print(answer);
  console.log(answer.said);
}

function asked(
  target: Target,
  verb: "remove" | "enable" | "disable" | "run",
  what: ReturnType<typeof about>,
) {
  const url = clientOf(target).tasks[":task"];
  switch (verb) {
    case "remove":
      return url.$delete(what);
    case "enable":
      return url.resume.$post(what);
    case "disable":
      return url.pause.$post(what);
    case "run":
      return url.run.$post(what);
  }
}

function about(task: string, options: PlaceOptions) {
  return { param: { task: encodeURIComponent(task) }, query: { group: groupOf(options) } };
}

function groupOf({ group, channel, to }: PlaceOptions): string {
  if (channel === undefined && to === undefined) return group ?? "web:main";
  if (channel === undefined || to === undefined)
    throw new Trouble("Give --channel and --to together, e.g. --channel telegram --to 1001.");
  return `${channel}:${to}`;
}

/** A number alone is seconds. */
function scheduleOf({ every, cron, at }: AddOptions): { schedule_type: string; schedule_value: string } {
  const forms = { every_seconds: every, cron, once: at };
  const given = Object.entries(forms).flatMap(([type, value]) =>
    value === undefined ? [] : [[type, value]],
  );
  const [[schedule_type, schedule_value] = []] = given;
  if (given.length !== 1 || schedule_type === undefined || schedule_value === undefined)
    throw new Trouble('Give one of --every 20m, --cron "0 9 * * 1-5" and --at 2027-01-31T09:00.');
  return { schedule_type, schedule_value };
}

function print(value: unknown): void {
  console.log(JSON.stringify(value, undefined, 2));
}
