import type { Send } from "../../channels/channel.ts";
import type { OutgoingFile } from "../../channels/files.ts";
import type { Room } from "../room.ts";
import type { OutboxRow } from "./outbox.ts";

/** In the place of a message's id: somebody deleted that message. */
export const GONE = "";

/**
 * The call that says a row's next part. A part whose platform id is known already (it was streamed) is edited, the others
 * are sent. The same call has the same key; what people are to see anew has another.
 */
export function sendOf(room: Room, row: OutboxRow, loaded: OutgoingFile[]): Send {
  const { files: _, alone, ...part } = row.parts![row.part]!;
  const to = { chatId: room.chatId, ...(row.thread ? { thread: row.thread } : {}) };
  const messageId = row.sentIds[row.part];
  const key = `${row.id}${row.part === 0 ? "" : `:${row.part}`}${alone ? ":alone" : ""}`;
  const said = { to, part, asPlain: row.plain };
  if (messageId) return { type: "edit", ...said, messageId, key: `${key}:edit${row.edits}` };
  return {
    type: "message",
    ...said,
    key: messageId === GONE ? `${key}:again${row.edits}` : key,
    ...around(row, loaded),
  };
}

/** What it answers, what stands before it, beside it and below it. */
function around({ part, parts, replyTo, sentIds, choices }: OutboxRow, files: OutgoingFile[]) {
  const after = sentIds[part - 1];
  const isLast = part + 1 === parts!.length;
  return {
    ...(part === 0 && replyTo ? { replyTo } : {}),
    ...(after ? { after } : {}),
    ...(files.length > 0 ? { files } : {}),
    ...(isLast && choices ? { choices } : {}),
  };
}

/** A row that nobody has tried to send yet. */
export function blank({ now }: Room) {
  return {
    state: "queued" as const,
    part: 0,
    sentIds: [],
    plain: false,
    attempts: 0,
    repeated: false,
    edits: 0,
    nextAt: now(),
    createdAt: now(),
    trust: "owner" as const,
  };
}
