import type { Attachment, Quote } from "../channel.ts";
import { shorten } from "../shorten.ts";
import type { TelegramContent, TelegramMessage, TelegramQuoted } from "./update.ts";

/** What a message says, in text. What Telegram shows as a card becomes a line in brackets; "" for service messages. */
export function textOf(message: TelegramContent): string {
  const { sticker, location, venue, contact, poll, dice } = message;
  const written = message.text ?? message.caption;
  if (written !== undefined) return written;
  if (sticker) return `[sticker ${sticker.emoji ?? ""}]`.replace(" ]", "]");
  if (venue) return `[place: ${venue.title}, ${venue.address}]`;
  if (location) return `[location: ${location.latitude}, ${location.longitude}]`;
  if (contact) return `[contact: ${nameOf(contact)}, ${contact.phone_number}]`;
  if (poll) return `[poll: ${poll.question} ${poll.options.map((option) => option.text).join(" / ")}]`;
  return dice ? `[${dice.emoji} ${dice.value}]` : "";
}

/** The files of a message; of a photo's sizes the largest. */
export function attachmentsOf(message: TelegramContent): Attachment[] {
  const photo = message.photo?.reduce(
    (a, b) => (b.width * b.height > a.width * a.height ? b : a),
    message.photo[0]!,
  );
  const id = message.message_id;
  return [
    attachment("image", photo && { ...photo, mime_type: "image/jpeg" }, `photo-${id}.jpg`),
    attachment("voice", message.voice, `voice-${id}.ogg`),
    attachment("audio", message.audio, `audio-${id}.mp3`),
    attachment("video", message.video ?? message.video_note ?? message.animation, `video-${id}.mp4`),
    // Telegram repeats an animation as a document.
    attachment("file", message.animation ? undefined : message.document, `file-${id}`),
  ].filter((found) => found !== undefined);
}

/** What the message answers. The first message of a topic, which every message in it answers, is no quote. */
export function quoteOf(message: TelegramMessage, botId: number): Quote | undefined {
  const answered = message.reply_to_message;
  if (!answered || isTopicRoot(answered, message)) return undefined;
  const said = message.quote?.text ?? textOf(answered);
  return {
    messageId: String(answered.message_id),
    sender: answered.sender_chat?.title ?? (answered.from && nameOf(answered.from)),
    text: said === "" ? undefined : shorten(said, 500),
    fromUs: answered.from?.id === botId,
  };
}

/** First and last name as one. */
export function nameOf(person: {
  first_name?: string;
  last_name?: string;
  username?: string;
  id?: number;
}): string {
  const full = [person.first_name, person.last_name].filter(Boolean).join(" ");
  return full || person.username || String(person.id ?? "");
}

function isTopicRoot(answered: TelegramQuoted, message: TelegramMessage): boolean {
  const isRoot = message.is_topic_message === true && answered.message_id === message.message_thread_id;
  return isRoot || answered.forum_topic_created !== undefined;
}

function attachment(
  kind: Attachment["kind"],
  file: TelegramContent["document"],
  name: string,
): Attachment | undefined {
  if (!file) return undefined;
  return {
    kind,
    ref: file.file_id,
    name: file.file_name ?? name,
    mime: file.mime_type,
    size: file.file_size,
  };
}
