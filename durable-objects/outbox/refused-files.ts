import { eq } from "drizzle-orm";
import type { Transcript } from "../messages/transcript.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import { messages } from "../schema.ts";
import type { OutboxRow } from "./outbox.ts";
import type { PinnedFile } from "./pins.ts";

/**
 * What happens where a platform takes a file in no way: the chat is told in a message of its own, the model by a note.
 * Call it inside the transaction that gives the file up.
 */
export function fileRefusals(room: Room, transcript: Transcript, say: Parts["say"]) {
  return (row: OutboxRow, file: PinnedFile, reason: string): void => {
    const why = `${reason.replace(/[.\s]+$/, "")}.`;
    const text = `I could not send ${file.name}: ${why}`;
    say(`refused:${row.id}:${file.key}`, text, row.thread);
    const said = room.db.select().from(messages).where(eq(messages.id, row.id)).get();
    const session = said?.session ?? transcript.session(row.thread).id;
    const note = `(${file.path} did not arrive in the chat: ${why} The chat was told.)`;
    transcript.addOurs({ id: room.newId(), role: "note", text: note, thread: row.thread, session });
  };
}
