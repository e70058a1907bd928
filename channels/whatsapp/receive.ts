import {
  type Address,
  addressOf,
  type Edit,
  type Message,
  type Migration,
  type Person,
  type Quote,
} from "../channel.ts";
import { commandIn } from "../command.ts";
import { attachmentsOf, contextOf, textOf, unwrap } from "./content.ts";
import { bare, isChat, isGroup, lasting, personOf } from "./jid.ts";
import { type Content, type MessageKey, numberOf, type WhatsAppMessage } from "./message.ts";

/** The linked account, and what the mapping has to know of it. */
export interface Account {
  /** Its own id with the phone number, and its LID. */
  id: string;
  lid?: string;
  name?: string;
  /**
   * The number is its owner's own: what others write to the owner is not for the assistant, and naming the owner is no
   * call for it.
   */
  shared: boolean;
  /** Whether the companion itself sent the message with this id. */
  sentByUs(messageId: string): boolean;
  /** A group's subject, where it is known. */
  titleOf(groupId: string): string | undefined;
}

/** `ProtocolMessage.Type.MESSAGE_EDIT` of WAProto. */
const MESSAGE_EDIT = 14;
/** `MessageAssociation.AssociationType.MEDIA_ALBUM` of WAProto. */
const MEDIA_ALBUM = 1;

/**
 * Reads one message of the linked account. Undefined for what is no message of a chat (status, channels, receipts,
 * reactions, key exchange) and for what is not the assistant's business.
 */
export function inboundFrom(received: WhatsAppMessage, account: Account): Message | Edit | undefined {
  const { key } = received;
  const place = placeOf(key, account);
  if (!place || !key.id) return undefined;
  const content = unwrap(received.message);
  if (content.protocolMessage) return editFrom(received, content.protocolMessage, place, account);
  const attachments = attachmentsOf(content, `${key.remoteJid}/${key.id}`);
  if (textOf(content) === "" && attachments.length === 0) return undefined;
  return { ...messageFrom(received, content, place, account), attachments };
}

/**
 * The address that a direct chat had while WhatsApp named only the phone number of the person, by a message that names
 * both. Undefined where there is none.
 */
export function formerAddress({ chat, sender }: Message | Edit): Address | undefined {
  const digits = sender.aliases?.[0];
  const isTheirs = chat.type === "direct" && chat.id === sender.id;
  return isTheirs && digits ? addressOf("whatsapp", `${digits}@s.whatsapp.net`) : undefined;
}

/** The chat at `from` is the chat of this event now. */
export function migrationFrom(from: Address, event: Message | Edit): Migration {
  const id = from.slice(from.indexOf(":") + 1);
  const { address: to, sentAt } = event;
  const chat = { ...event.chat, id };
  return { kind: "migration", address: from, key: `migration:${id}:${event.chat.id}`, chat, sentAt, to };
}

function editFrom(
  received: WhatsAppMessage,
  change: NonNullable<Content["protocolMessage"]>,
  place: Place,
  account: Account,
): Edit | undefined {
  const content = unwrap(change.editedMessage);
  const id = change.key?.id;
  if (change.type !== MESSAGE_EDIT || !id || textOf(content) === "") return undefined;
  const message = messageFrom({ ...received, key: { ...received.key, id } }, content, place, account);
  const sentAt = numberOf(change.timestampMs) ?? message.sentAt;
  return { ...message, kind: "edit", key: `edit:${message.key}:${received.key.id}`, sentAt };
}

type Place = Pick<Message, "address" | "chat">;

function messageFrom(received: WhatsAppMessage, content: Content, place: Place, account: Account): Message {
  const id = received.key.id!;
  const text = textOf(content).toWellFormed();
  const sender = senderOf(received, account);
  return {
    kind: "message",
    ...place,
    key: `message:${place.chat.id}:${sender.id}:${id}`,
    messageId: id,
    sentAt: (numberOf(received.messageTimestamp) ?? 0) * 1000,
    sender,
    text,
    mentioned: mentions(content, account),
    command: commandIn(text),
    replyTo: quoteOf(content, account),
    attachments: [],
    partOfMore: content.messageContextInfo?.messageAssociation?.associationType === MEDIA_ALBUM,
    fromUs: isEcho(received.key, place.chat, account),
  };
}

/** Where it was said. Undefined where nobody can answer, and in other people's chats with the owner of the number. */
export function placeOf(key: MessageKey, account: Account): Place | undefined {
  const written = bare(key.remoteJid);
  if (!isChat(written)) return undefined;
  if (isGroup(written)) {
    const chat = { id: written, type: "group" as const, title: account.titleOf(written) };
    return { address: addressOf("whatsapp", written), chat };
  }
  const own = isOwn(written, account);
  if (account.shared && !own) return undefined;
  // The other form names the sender: in what we wrote ourselves that is not the chat.
  const id = own
    ? lasting(account.lid, account.id)
    : lasting(written, key.fromMe ? undefined : key.remoteJidAlt);
  return { address: addressOf("whatsapp", id), chat: { id, type: "direct" } };
}

function isOwn(jid: string, { id, lid }: Account): boolean {
  return jid === bare(id) || (lid !== undefined && jid === bare(lid));
}

export function senderOf({ key, pushName }: WhatsAppMessage, account: Account): Person {
  if (key.fromMe) return personOf(pushName || account.name, account.lid, account.id);
  if (isGroup(bare(key.remoteJid))) return personOf(pushName, key.participant, key.participantAlt);
  return personOf(pushName, key.remoteJid, key.remoteJidAlt);
}

/**
 * Our own words come back to us. What the owner of the number writes is a person's, in the chat with themselves and in
 * groups; to others the account speaks for itself.
 */
export function isEcho(key: MessageKey, chat: Message["chat"], account: Account): boolean {
  if (!key.fromMe) return false;
  return account.sentByUs(key.id!) || (chat.type === "direct" && !isOwn(chat.id, account));
}

function mentions(content: Content, account: Account): boolean {
  if (account.shared) return false;
  return (contextOf(content).mentionedJid ?? []).some((jid) => isOwn(bare(jid), account));
}

function quoteOf(content: Content, account: Account): Quote | undefined {
  const { stanzaId, participant, quotedMessage } = contextOf(content);
  if (!stanzaId) return undefined;
  const byAccount = isOwn(bare(participant), account);
  const sender = byAccount ? account.name : participant ? personOf(undefined, participant).name : undefined;
  const text = textOf(unwrap(quotedMessage)).slice(0, 500).toWellFormed() || undefined;
  const fromUs = account.sentByUs(stanzaId) || (byAccount && !account.shared);
  return { messageId: stanzaId, sender, text, fromUs };
}
