import type { Actor } from "../agent/authorize.ts";
import { whyUnheard } from "../agent/wake.ts";
import { gateOf } from "./gate.ts";
import type { Inbox } from "./inbox.ts";
import type { Room } from "./room.ts";
import type { TurnRow } from "./turns.ts";

/** What somebody is to this chat now: by the platform's id and the chat's rows, never by what was written. */
export function actorOf(room: Room, sender: { id: string; isBot: boolean }): Actor {
  const id = sender.id && `${room.channelName}:${sender.id}`;
  if (sender.isBot !== false) return { role: "bot", id };
  if (!room.registered) return { role: "stranger", id };
  if (whyUnheard({ sender }, gateOf(room))) return { role: "guest", id };
  return { role: room.main ? "main" : "member", id };
}

/**
 * Everyone whose right a turn needs, read from the rows when it is asked: a group that was removed, a chat that is main
 * no more and a person who was taken off the list have lost their rights at the next call.
 */
export function actorsOf(room: Room, inbox: Inbox, turn: TurnRow): Actor[] {
  if (turn.kind === "chat")
    return inbox.speakers(turn.id).map(({ id }) => actorOf(room, { id, isBot: false }));
  if (!room.registered) return [{ role: "stranger", id: room.address }];
  return [{ role: "task", as: room.main ? "main" : "member", id: `${turn.kind}:${turn.id}` }];
}
