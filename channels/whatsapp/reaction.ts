import type { Reaction } from "../reaction.ts";
import { unwrap } from "./content.ts";
import { numberOf, type WhatsAppMessage } from "./message.ts";
import { type Account, isEcho, placeOf, senderOf } from "./receive.ts";

/** A reaction of somebody; undefined for everything else, and for one that is taken back (it has no text). */
export function reactionFrom(received: WhatsAppMessage, account: Account): Reaction | undefined {
  const place = placeOf(received.key, account);
  const { key: under, text: emoji } = unwrap(received.message).reactionMessage ?? {};
  if (!place || !under?.id || !emoji || !received.key.id) return undefined;
  const sender = senderOf(received, account);
  return {
    kind: "reaction",
    ...place,
    key: `reaction:${place.chat.id}:${sender.id}:${received.key.id}`,
    sentAt: (numberOf(received.messageTimestamp) ?? 0) * 1000,
    messageId: under.id,
    sender,
    emoji: emoji.toWellFormed(),
    toUs: account.sentByUs(under.id),
    fromUs: isEcho(received.key, place.chat, account),
  };
}
