import type { ServerFrame } from "../../channels/web/frames.ts";
import type { Room } from "../room.ts";
import { Book } from "./book.ts";
import { taskView } from "./views.ts";

/** Tasks that a page shows. */
const SHOWN = 20;

/** What an open page is told of the tasks: those that run, then those that come next, then those that are paused. */
export function tasksFrame(room: Room): Extract<ServerFrame, { type: "tasks" }> {
  const book = new Book(room);
  const tasks = book.next(SHOWN).map((row) => {
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
  return { type: "tasks", tasks, more: book.count() - tasks.length, now: room.now() };
}
