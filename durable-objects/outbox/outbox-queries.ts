import { and, asc, eq, inArray, ne, sql } from "drizzle-orm";
import type { Sent } from "../../channels/channel.ts";
import { prepared } from "../prepared.ts";
import type { Room } from "../room.ts";
import { outbox } from "../schema.ts";
import type { OutboxRow } from "./outbox.ts";

const OPEN = ["queued", "sending"] as const;

/** The oldest that is not out yet. Only what waits for its turn among many chats lets others pass. */
export const NEXT = prepared((db) => {
  const open = inArray(outbox.state, [...OPEN]);
  const { fanOut, part, nextAt } = outbox;
  const waits = sql`(${fanOut} and ${part} = 0 and ${nextAt} > ${sql.placeholder("now")})`;
  return db.select().from(outbox).where(open).orderBy(waits, asc(outbox.id)).limit(1).prepare();
});
/** What another boot was sending. */
export const DEAD = prepared((db) => {
  const dead = and(eq(outbox.state, "sending"), ne(outbox.boot, sql.placeholder("boot")));
  return db.select().from(outbox).where(dead).prepare();
});

/** Whether a turn already said this text through its tool. */
export function saidAlready(room: Room, turn: string, text: string): boolean {
  const said = room.db.select({ text: outbox.text }).from(outbox).where(eq(outbox.turn, turn)).all();
  return said.some((row) => row.text.trim() === text.trim());
}

/** Whether a row says something else since it was sent: where it stands is kept then, and its new words are edited there. */
export function wasAmended({ db }: Room, { id, edits, part, sentIds }: OutboxRow, sent: Sent): boolean {
  const row = db.select({ edits: outbox.edits }).from(outbox).where(eq(outbox.id, id)).get();
  if (row?.edits === edits) return false;
  const ids = [...sentIds];
  if (sent.outcome === "sent") ids[part] = sent.messageId;
  db.update(outbox).set({ sentIds: ids }).where(eq(outbox.id, id)).run();
  return true;
}
