import { and, eq, isNotNull } from "drizzle-orm";
import type { ShownMessage } from "../../channels/web/frames.ts";
import type { Room } from "../room.ts";
import { outbox } from "../schema.ts";

/** Messages of the console's history with the buttons that they still have. */
export function withChoices(room: Room, messages: ShownMessage[]): ShownMessage[] {
  const open = and(isNotNull(outbox.choices), eq(outbox.state, "sent"));
  const { sentIds, choices } = outbox;
  const rows = room.db.select({ sentIds, choices }).from(outbox).where(open).all();
  const byId = new Map(rows.map((row) => [row.sentIds.at(-1), row.choices!]));
  return messages.map((message) => {
    const choices = byId.get(message.id);
    return choices ? { ...message, choices } : message;
  });
}
