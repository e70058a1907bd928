import { rootOf } from "../messages/actors.ts";
import type { Room } from "../room.ts";
import type { TurnRow } from "../turns/turns.ts";

/** For whom a turn asks: its people or the other agent, by their ids; all tasks are one, and so are all heartbeats. */
export function askerOf(room: Room, turn: TurnRow, actors: readonly { id: string }[]): string {
  const { kind } = rootOf(room, turn);
  return kind === "task" || kind === "heartbeat" ? kind : actors.map(({ id }) => id).join(" ");
}
