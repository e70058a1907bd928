import { eq } from "drizzle-orm";
import type { Actor } from "../../agent/authorize.ts";
import { whyUnheard } from "../../agent/wake.ts";
import type { Person } from "../../channels/channel.ts";
import type { Room } from "../room.ts";
import { approvals, runs, subAgents, tasks, turns } from "../schema.ts";
import type { TurnRow } from "../turns/turns.ts";
import { gateOf } from "./gate.ts";
import type { Inbox } from "./inbox.ts";

/** Who asks where no person does. */
export const NOBODY = "agent";

/** What somebody is to this chat now: by the platform's id and the chat's rows, never by what was written. */
export function actorOf(room: Room, sender: { id: string; isBot: boolean }): Actor {
  const id = sender.id && `${room.channelName}:${sender.id}`;
  if (sender.isBot !== false) return { role: "bot", id };
  if (!room.registered) return { role: "stranger", id };
  if (whyUnheard({ sender: known(room, sender) }, gateOf(room))) return { role: "guest", id };
  return { role: room.main ? "main" : "member", id };
}

/** Whether the person of a stored id is this one, who may go by another form of it by now. */
export function isSame(room: Room, id: string, sender: Pick<Person, "id" | "aliases">): boolean {
  const ids = [id, ...(room.get(`aliases:${id}`) ?? [])];
  return [sender.id, ...(sender.aliases ?? [])].some((one) => ids.includes(one));
}

/** Rows keep a person's id; what else the platform calls them is a fact of the room. */
function known<P extends { id: string }>(room: Room, person: P): P & { aliases?: readonly string[] } {
  return { aliases: room.get(`aliases:${person.id}`), ...person };
}

/**
 * Everyone whose right a turn needs, read from the rows when it is asked: a group that was removed, a chat that is main
 * no more and a person who was taken off the list have lost their rights at the next call.
 */
export function actorsOf(room: Room, inbox: Inbox, turn: TurnRow): Actor[] {
  if (isCaused(turn)) {
    const cause = causeOf(room, turn);
    return cause ? actorsOf(room, inbox, cause) : [];
  }
  if (turn.kind === "chat")
    return inbox.speakers(turn.id).map(({ id }) => actorOf(room, { id, isBot: false }));
  if (!room.registered) return [{ role: "stranger", id: room.address }];
  if (turn.kind === "agent") return [{ role: "agent", id: turn.trace }];
  const id = `${turn.kind}:${turn.id}`;
  const task = taskOf(room, turn);
  if (task && whyNoMore(room, task)) return [{ role: "guest", id }];
  return [{ role: "task", as: room.main && madeByMain(room, turn) ? "main" : "member", id }];
}

/** Whether whoever caused a turn had main's rights then. A chat that became main later gives its old tasks nothing. */
export function madeByMain(room: Room, turn: TurnRow): boolean {
  if (isCaused(turn)) {
    const cause = causeOf(room, turn);
    return cause !== undefined && madeByMain(room, cause);
  }
  if (turn.kind === "agent") return false;
  return taskOf(room, turn)?.asMain ?? true;
}

/** The turn at the beginning: an approved call and a sub-agent act for whoever spoke in the turn that caused them. */
export function rootOf(room: Room, turn: TurnRow): TurnRow {
  const cause = isCaused(turn) ? causeOf(room, turn) : undefined;
  return cause ? rootOf(room, cause) : turn;
}

/** A turn that another turn caused has that one's rights, asked for again at each call. */
function isCaused(turn: TurnRow): boolean {
  return turn.kind === "approval" || turn.kind === "sub-agent";
}

function causeOf(room: Room, { kind, run }: TurnRow): TurnRow | undefined {
  const { db } = room;
  const cause =
    kind === "approval"
      ? db.select({ turn: approvals.turn }).from(approvals).where(eq(approvals.id, run!)).get()
      : db.select({ turn: subAgents.parent }).from(subAgents).where(eq(subAgents.id, run!)).get();
  return cause?.turn ? db.select().from(turns).where(eq(turns.id, cause.turn)).get() : undefined;
}

/** The task whose run a turn is. */
function taskOf(room: Room, turn: TurnRow) {
  if (!turn.run) return undefined;
  const run = room.db.select({ task: runs.task }).from(runs).where(eq(runs.id, turn.run)).get();
  return run && room.db.select().from(tasks).where(eq(tasks.id, run.task)).get();
}

/**
 * Why a task is not done any more: a person who was taken off the list has no tasks either. What main made elsewhere is
 * main's, and what a heartbeat made is nobody's.
 */
export function whyNoMore(room: Room, task: { byId: string; from: string }): string | undefined {
  if (task.from !== room.address || task.byId === NOBODY) return undefined;
  const why = whyUnheard({ sender: known(room, { id: task.byId, isBot: false }) }, gateOf(room));
  return why && "whoever made it may not wake me any more";
}
