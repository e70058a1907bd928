import { and, desc, eq, ne } from "drizzle-orm";
import type { Message, Quote } from "../../channels/channel.ts";
import type { Reaction } from "../../channels/reaction.ts";
import { shorten } from "../../channels/shorten.ts";
import type { Room } from "../room.ts";
import { inbox, members, outbox } from "../schema.ts";

/** What was said so long ago is not looked for: people react to what they see. */
const LATELY = 200;
/** Characters of what has the sign. */
const QUOTED = 200;

/** A reaction as a line of context: `(reacted with 👍)`, with the message that has it as the quote. */
export function lineOf(room: Room, reaction: Reaction): Message {
  const { toUs, emoji, key, sender, ...event } = reaction;
  const under = ours(room, reaction.messageId) ?? theirs(room, reaction.messageId);
  const text = under
    ? `(reacted with ${shorten(emoji, 50)})`
    : `(reacted with ${shorten(emoji, 50)} to an older message)`;
  const quote: Quote = { messageId: reaction.messageId, fromUs: toUs === true, ...under?.quote };
  return {
    ...event,
    kind: "message",
    key,
    messageId: key,
    sender: { ...sender, name: nameOf(room, sender) },
    thread: event.thread ?? (under?.thread || undefined),
    text,
    mentioned: false,
    ...(under || toUs ? { replyTo: quote } : {}),
    attachments: [],
  };
}

interface Under {
  thread: string;
  quote: Omit<Quote, "messageId">;
}

function ours(room: Room, messageId: string): Under | undefined {
  const { id, sentIds, thread, text } = outbox;
  const lately = room.db.select({ sentIds, thread, text }).from(outbox).orderBy(desc(id)).limit(LATELY).all();
  // The id of an answer to a slash command stands behind its token.
  const row = lately.find((one) =>
    one.sentIds.some((sent) => sent === messageId || sent?.endsWith(`#${messageId}`)),
  );
  return row && { thread: row.thread, quote: { text: shorten(row.text, QUOTED), fromUs: true } };
}

function theirs(room: Room, messageId: string): Under | undefined {
  const { thread, text, senderName: sender } = inbox;
  const said = and(eq(inbox.messageId, messageId), ne(inbox.state, "recorded"));
  const row = room.db.select({ thread, text, sender }).from(inbox).where(said).limit(1).get();
  return (
    row && {
      thread: row.thread,
      quote: { sender: row.sender, text: shorten(row.text, QUOTED), fromUs: false },
    }
  );
}

/** Where the platform tells only an id, people know the name from what was written. */
function nameOf(room: Room, { id, name }: Message["sender"]): string {
  if (name !== id) return name;
  return room.db.select({ name: members.name }).from(members).where(eq(members.id, id)).get()?.name ?? name;
}
