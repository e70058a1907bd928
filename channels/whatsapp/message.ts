/**
 * What we read of a WhatsApp message, in the shapes of its protocol buffers as the Baileys library gives them:
 * https://github.com/WhiskeySockets/Baileys/blob/master/WAProto/WAProto.proto. Everything may be missing.
 */
export interface WhatsAppMessage {
  key: MessageKey;
  message?: Content | null;
  /** Seconds since the epoch. */
  messageTimestamp?: Whole | null;
  /** The name that the sender gave themselves. */
  pushName?: string | null;
}

/** Protocol buffers give large numbers as objects. */
export type Whole = number | { toNumber(): number };

/** Ids of chats and people are JIDs: `…@s.whatsapp.net` holds a phone number, `…@lid` hides it, `…@g.us` is a group. */
export interface MessageKey {
  remoteJid?: string | null;
  /** In a direct chat, the other form of the sender's id. */
  remoteJidAlt?: string;
  fromMe?: boolean | null;
  id?: string | null;
  /** Who wrote it in a group. */
  participant?: string | null;
  participantAlt?: string;
}

export interface ContextInfo {
  stanzaId?: string | null;
  participant?: string | null;
  quotedMessage?: Content | null;
  mentionedJid?: string[] | null;
}

interface Contextual {
  contextInfo?: ContextInfo | null;
}

interface Media extends Contextual {
  mimetype?: string | null;
  fileLength?: Whole | null;
  caption?: string | null;
}

interface Wrapper {
  message?: Content | null;
}

interface Poll extends Contextual {
  name?: string | null;
  options?: { optionName?: string | null }[] | null;
}

interface Place extends Contextual {
  degreesLatitude?: number | null;
  degreesLongitude?: number | null;
  name?: string | null;
  address?: string | null;
}

/** The parts of `proto.IMessage` that people see. */
export interface Content {
  conversation?: string | null;
  extendedTextMessage?: (Contextual & { text?: string | null }) | null;
  imageMessage?: Media | null;
  videoMessage?: Media | null;
  ptvMessage?: Media | null;
  audioMessage?: (Media & { ptt?: boolean | null }) | null;
  documentMessage?: (Media & { fileName?: string | null }) | null;
  stickerMessage?: Media | null;
  locationMessage?: Place | null;
  liveLocationMessage?: Place | null;
  contactMessage?: (Contextual & { displayName?: string | null }) | null;
  contactsArrayMessage?: (Contextual & { displayName?: string | null }) | null;
  pollCreationMessage?: Poll | null;
  pollCreationMessageV2?: Poll | null;
  pollCreationMessageV3?: Poll | null;
  reactionMessage?: { key?: MessageKey | null; text?: string | null } | null;
  protocolMessage?: {
    key?: MessageKey | null;
    type?: number | null;
    editedMessage?: Content | null;
    timestampMs?: Whole | null;
  } | null;
  messageContextInfo?: { messageAssociation?: { associationType?: number | null } | null } | null;
  ephemeralMessage?: Wrapper | null;
  viewOnceMessage?: Wrapper | null;
  viewOnceMessageV2?: Wrapper | null;
  viewOnceMessageV2Extension?: Wrapper | null;
  documentWithCaptionMessage?: Wrapper | null;
  editedMessage?: Wrapper | null;
  groupMentionedMessage?: Wrapper | null;
  deviceSentMessage?: Wrapper | null;
  associatedChildMessage?: Wrapper | null;
}

export function numberOf(value: Whole | null | undefined): number | undefined {
  if (value == null) return undefined;
  return typeof value === "number" ? value : value.toNumber();
}
