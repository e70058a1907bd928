import type { Author } from "../../agent/notebook.ts";
import { actorsOf, rootOf } from "../messages/actors.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { TurnRow } from "./turns.ts";

/** For whom a turn writes files, and from which message: what each version of a memory file keeps. */
export function authorOf(room: Room, parts: Parts, turn: TurnRow): Author {
  const by = actorsOf(room, parts.inbox, turn).map(({ id }) => id);
  const root = rootOf(room, turn);
  const speakers = parts.inbox.speakers(root.id).map(({ name }) => name);
  const source = parts.inbox.lastWaking(root.id);
  return {
    by: by.join(", ") || "nobody",
    name: speakers.join(", ") || causeOf(parts, root),
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
  if (turn.kind === "agent") return "another agent";
  return turn.kind === "heartbeat" ? "heartbeat" : "the house";
}
