import type { ServerFrame } from "../../channels/web/frames.ts";
import type { Room } from "../room.ts";
import { Book } from "./book.ts";
import type { TaskRow } from "./runs.ts";
import { taskView } from "./views.ts";

/** Tasks that a page shows. */
const SHOWN = 20;

/** What an open page is told of the tasks: those that run, then those that come next, then those that are paused. */
export function tasksFrame(room: Room): Extract<ServerFrame, { type: "tasks" }> {
  const rows = new Book(room).list().sort((one, other) => dueOf(one) - dueOf(other));
  const tasks = rows.slice(0, SHOWN).map((row) => {
    const { number, name, schedule, nextAt, running } = taskView(row, room.timezone);
    return {
      number,
      name,
      schedule,
      nextAt,
      running,
      state: row.state === "paused" ? ("paused" as const) : ("active" as const),
    };
  });
  return { type: "tasks", tasks, more: rows.length - tasks.length, now: room.now() };
}

function dueOf({ run, nextAt }: TaskRow): number {
  return run ? 0 : (nextAt ?? Number.MAX_SAFE_INTEGER);
}
