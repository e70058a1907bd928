import type { Attachment } from "../channel.ts";
import { type Content, type ContextInfo, numberOf } from "./message.ts";

const WRAPPERS = [
  "ephemeralMessage",
  "viewOnceMessage",
  "viewOnceMessageV2",
  "viewOnceMessageV2Extension",
  "documentWithCaptionMessage",
  "editedMessage",
  "groupMentionedMessage",
  "deviceSentMessage",
  "associatedChildMessage",
] as const;

/** What is inside: vanishing, view-once and captioned messages are envelopes. */
export function unwrap(content: Content | null | undefined, depth = 5): Content {
  if (!content) return {};
  const wrapper = WRAPPERS.find((name) => content[name]?.message);
  return wrapper && depth > 0 ? unwrap(content[wrapper]!.message, depth - 1) : content;
}

/** What a message says, in text. What WhatsApp shows as a card becomes a line in brackets; "" where nothing is said. */
export function textOf(content: Content): string {
  const written = content.conversation || content.extendedTextMessage?.text || captionOf(content);
  if (written) return written;
  const place = content.locationMessage ?? content.liveLocationMessage;
  if (place) return placeText(place);
  const contact = content.contactMessage ?? content.contactsArrayMessage;
  if (contact) return `[contact: ${contact.displayName ?? ""}]`;
  const poll = content.pollCreationMessage ?? content.pollCreationMessageV2 ?? content.pollCreationMessageV3;
  if (!poll) return "";
  const options = (poll.options ?? []).map(({ optionName }) => optionName ?? "").join(" / ");
  return `[poll: ${poll.name ?? ""} ${options}]`;
}

/** The file of a message. `ref` is for the companion, which keeps the message and its key. */
export function attachmentsOf(content: Content, ref: string): Attachment[] {
  const { imageMessage, audioMessage, documentMessage, stickerMessage } = content;
  const found: [Attachment["kind"], Content["imageMessage"], string?][] = [
    ["image", imageMessage],
    ["image", stickerMessage],
    [audioMessage?.ptt ? "voice" : "audio", audioMessage],
    ["video", content.videoMessage ?? content.ptvMessage],
    ["file", documentMessage, documentMessage?.fileName ?? undefined],
  ];
  return found.flatMap(([kind, media, name]) => {
    if (!media) return [];
    const mime = media.mimetype?.split(";")[0]?.trim() || undefined;
    return [{ kind, ref, name, mime, size: numberOf(media.fileLength) }];
  });
}

/** Mentions and what is quoted: every kind of message has its own place for them. */
export function contextOf(content: Content): ContextInfo {
  for (const part of Object.values(content) as ({ contextInfo?: ContextInfo | null } | null)[])
    if (part && typeof part === "object" && part.contextInfo) return part.contextInfo;
  return {};
}

function captionOf(content: Content): string | undefined {
  const media = content.imageMessage ?? content.videoMessage ?? content.documentMessage;
  return media?.caption ?? undefined;
}

function placeText(place: NonNullable<Content["locationMessage"]>): string {
  const { name, address, degreesLatitude, degreesLongitude } = place;
  if (name) return `[place: ${[name, address].filter(Boolean).join(", ")}]`;
  return `[location: ${degreesLatitude ?? "?"}, ${degreesLongitude ?? "?"}]`;
}
