import * as z from "zod";
import { newTask, type TaskRequest, taskChange } from "../tasks.ts";
import { defineTool, type Tool, type ToolContext, ToolError } from "./tool.ts";

const group = z.string().optional().describe("another group");
const task = z.union([z.string(), z.number()]).transform(String);
const one = z.object({ task, group });

const scheduleTask = defineTool({
  name: "schedule_task",
  description:
    "Do something later. `message` is sent as it is; `prompt` wakes you to do it. schedule_type once (schedule_value: ISO time here, or 20m from now), interval (20m, 2h) or cron (5 fields).",
  schema: newTask.extend({ group }),
  risk: "idempotent",
  run: ({ group, ...task }, context) => ask({ verb: "schedule", task }, group, context),
});

const listTasks = defineTool({
  name: "list_tasks",
  description: "The tasks here.",
  schema: z.object({ group: z.string().optional().describe("another group, or all") }),
  risk: "read",
  run: ({ group }, context) => ask({ verb: "list" }, group, context),
});

const getTask = defineTool({
  name: "get_task",
  description: "A task and its last runs, by number or name.",
  schema: one,
  risk: "read",
  run: ({ task, group }, context) => ask({ verb: "get", task }, group, context),
});

const updateTask = defineTool({
  name: "update_task",
  description: "Change a task; what you leave out stays.",
  schema: taskChange.extend({ task, group }),
  risk: "idempotent",
  run: ({ task, group, ...change }, context) => ask({ verb: "update", task, change }, group, context),
});

const pauseTask = verb("pause", "Pause a task.");
const resumeTask = verb("resume", "Go on with a paused task, from its next time.");
const cancelTask = verb("cancel", "End a task for good.");

/** All that can be done with tasks, in the order that the model reads it. */
export const taskTools: Tool[] = [
  scheduleTask,
  listTasks,
  getTask,
  updateTask,
  pauseTask,
  resumeTask,
  cancelTask,
];

function verb(name: "pause" | "resume" | "cancel", description: string) {
  return defineTool({
    name: `${name}_task`,
    description,
    schema: one,
    risk: "idempotent",
    run: ({ task, group }, context) => ask({ verb: name, task }, group, context),
  });
}

async function ask(request: TaskRequest, group: string | undefined, context: ToolContext): Promise<string> {
  const answer = await context.tasks.ask(request, group, (said) => context.settle(said));
  if (!answer.ok) throw new ToolError(answer.said);
  return answer.said;
}
