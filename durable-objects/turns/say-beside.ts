import { saidAlready } from "../outbox/outbox-queries.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { TurnRow } from "./turns.ts";

/**
 * Says what a turn beside the chat has to say, once, and keeps it for later turns. Nothing where it is empty, or was
 * said by a tool. Call it inside the transaction that ends the turn.
 */
export function sayBeside(room: Room, parts: Parts, turn: TurnRow, text: string): void {
  if (!text || saidAlready(room, turn.id, text)) return;
  const { thread, session, trust, trace } = turn;
  const id = parts.outbox.say({ key: `turn:${turn.id}`, text, turn: turn.id, thread, trust, trace });
  if (id) parts.transcript.addOurs({ id, text, thread, session, turn: turn.id, trust });
}
