import { type Context, Hono } from "hono";
import { validator } from "hono/validator";
import * as z from "zod";
import { newTask, type TaskAnswer, type TaskRequest, type TaskView, taskChange } from "../agent/tasks.ts";
import { newToken } from "../durable-objects/clock.ts";
import { DIRECTORY } from "../durable-objects/directory/rpc.ts";
import type { GroupSettings } from "../durable-objects/rpc.ts";
import { body, told } from "./body.ts";
import type { Doors } from "./doors.ts";
import { log } from "./log.ts";

export type { RunView } from "../agent/tasks.ts";

/** A chat whose tasks are shown. `timezone` is the one that its local times are in, IANA. */
export interface TaskPlace {
  group: string;
  address: string;
  timezone: string;
}

/** What the API answers: a text for people, and the data. Times are milliseconds since the epoch. */
export interface ShownAnswer extends Omit<TaskAnswer, "ok" | "tasks"> {
  tasks: (TaskView & TaskPlace)[];
  /** Of a list of all chats: those that were not asked. */
  more?: number;
}

/** The console's own chat: meant where no group is named. */
const HOME = "web:main";

const place = validator("query", ({ group }, c) => {
  const parsed = z.string().min(1).max(200).default(HOME).safeParse(group);
  return parsed.success ? { group: parsed.data } : c.json({ error: told(parsed.error) }, 400);
});

/**
 * Tasks and heartbeat of a chat: `?group=` is its name or address, without it the console's own; for the list also `all`.
 * `:task` is a number or a name. 400 with the reason where nothing was done, 404 for a chat or task that is not there.
 * An `Idempotency-Key` header makes a repeated POST /tasks count once.
 */
export const tasks = new Hono<Doors>()
  .get("/tasks", place, async (c) => {
    const { group } = c.req.valid("query");
    return group === "all" ? c.json(await everywhere(c)) : answer(c, group, { verb: "list" });
  })
  .post("/tasks", place, body(newTask.strict()), (c) =>
    answer(c, c.req.valid("query").group, { verb: "schedule", task: c.req.valid("json") }),
  )
  .get("/tasks/:task", place, (c) => answer(c, c.req.valid("query").group, one("get", c.req.param("task"))))
  .get("/tasks/:task/runs", place, (c) =>
    answer(c, c.req.valid("query").group, one("get", c.req.param("task"))),
  )
  .patch("/tasks/:task", place, body(taskChange.strict()), (c) => {
    const { task } = c.req.param();
    return answer(c, c.req.valid("query").group, { verb: "update", task, change: c.req.valid("json") });
  })
  .delete("/tasks/:task", place, (c) =>
    answer(c, c.req.valid("query").group, one("cancel", c.req.param("task"))),
  )
  .post("/tasks/:task/pause", place, (c) =>
    answer(c, c.req.valid("query").group, one("pause", c.req.param("task"))),
  )
  .post("/tasks/:task/resume", place, (c) =>
    answer(c, c.req.valid("query").group, one("resume", c.req.param("task"))),
  )
  .post("/tasks/:task/run", place, (c) =>
    answer(c, c.req.valid("query").group, one("run", c.req.param("task"))),
  )
  .get("/heartbeat", place, (c) => heartbeat(c, c.req.valid("query").group, "status"))
  .post("/heartbeat/now", place, (c) => heartbeat(c, c.req.valid("query").group, "now"));

function one(verb: "get" | "cancel" | "pause" | "resume" | "run", task: string): TaskRequest {
  return { verb, task };
}

async function answer(c: Context<Doors>, name: string, request: TaskRequest) {
  const settings = await find(c, name);
  if (!settings) return c.json({ error: nobody(name) }, 404);
  // A chat that was registered a moment ago may not have heard of it yet.
  await c.env.GROUP.getByName(settings.address).configure(settings);
  const { ok, missing, said, tasks = [], ...rest } = await ask(c, settings, request);
  if (!ok) return c.json({ error: said }, missing ? 404 : 400);
  return c.json({ said, tasks: tasks.map((task) => shown(c, task, settings)), ...rest });
}

async function heartbeat(c: Context<Doors>, name: string, verb: "now" | "status") {
  const settings = await find(c, name);
  if (!settings) return c.json({ error: nobody(name) }, 404);
  return c.json({ said: await c.env.GROUP.getByName(settings.address).heartbeat(verb) });
}

/** The tasks of all groups, as far as one request may ask. */
async function everywhere(c: Context<Doors>): Promise<ShownAnswer> {
  const { groups, more } = await c.env.DIRECTORY.getByName(DIRECTORY).byDue();
  const lists = (await Promise.all(groups.map((settings) => listOf(c, settings)))).flat();
  const said = lists.map(({ said, tasks: [first] }) => `${first!.group}:\n${said}`).join("\n\n");
  const rest = more > 0 ? `[${more} more groups were not asked: name one with ?group=]` : "";
  const all = [said || "No group has tasks.", rest].filter(Boolean).join("\n\n");
  return { said: all, more, tasks: lists.flatMap(({ tasks }) => tasks) };
}

/** One group that does not answer does not hide the others; one without tasks is left out. */
async function listOf(c: Context<Doors>, settings: GroupSettings): Promise<ShownAnswer[]> {
  try {
    const { said, tasks = [] } = await ask(c, settings, { verb: "list" });
    return tasks.length > 0 ? [{ said, tasks: tasks.map((task) => shown(c, task, settings)) }] : [];
  } catch (error) {
    log("a group did not answer", error, { address: settings.address });
    return [];
  }
}

/** The owner asks with the rights of the group: a task never has more of them than its chat. */
function ask(c: Context<Doors>, { address, main }: GroupSettings, request: TaskRequest): Promise<TaskAnswer> {
  const key = `api:${c.req.header("idempotency-key") ?? newToken()}`;
  const rights = { main, agent: false, trust: main ? ("owner" as const) : ("member" as const) };
  const asker = { id: "owner", name: "Owner", from: "api", ...rights, thread: "", key, trace: key };
  return c.env.GROUP.getByName(address).tasks(request, asker);
}

async function find(c: Context<Doors>, name: string): Promise<GroupSettings | undefined> {
  const settings = await c.env.DIRECTORY.getByName(DIRECTORY).find(name);
  return settings?.registered ? settings : undefined;
}

function shown(
  c: Context<Doors>,
  task: TaskView,
  { name, address, timezone }: GroupSettings,
): TaskView & TaskPlace {
  return { group: name, address, timezone: timezone ?? c.get("config").TIMEZONE, ...task };
}

function nobody(name: string): string {
  return `There is no registered chat called "${name.slice(0, 80)}". nanoflare groups lists them.`;
}
