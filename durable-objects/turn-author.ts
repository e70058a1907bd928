import type { Author } from "../agent/notebook.ts";
import { actorsOf } from "./actors.ts";
import type { Parts } from "./parts.ts";
import type { Room } from "./room.ts";
import type { TurnRow } from "./turns.ts";

/** For whom a turn writes files, and from which message: what each version of a memory file keeps. */
export function authorOf(room: Room, parts: Parts, turn: TurnRow): Author {
  const by = actorsOf(room, parts.inbox, turn).map(({ id }) => id);
  const speakers = parts.inbox.speakers(turn.id).map(({ name }) => name);
  const source = parts.inbox.lastWaking(turn.id);
  return {
    by: by.join(", ") || "nobody",
    name: speakers.join(", ") || causeOf(parts, turn),
    // Asked when something is written: what the same call read before may have come from outside.
    get trust() {
      return turn.trust;
    },
    ...(source ? { source } : {}),
  };
}

/** What a turn that nobody woke is called. */
function causeOf(parts: Parts, turn: TurnRow): string {
  const run = turn.run && parts.runs.get(turn.run);
  const task = run && parts.runs.task(run.task);
  if (task) return `${task.byName} (task ${task.number})`;
  return turn.kind === "heartbeat" ? "heartbeat" : "the house";
}
