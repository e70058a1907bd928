import type { Attachment, Quote } from "../channel.ts";
import { shorten } from "../shorten.ts";
import { personOf } from "./place.ts";
import type { DiscordAttachment, DiscordContent, DiscordMessage } from "./schema.ts";

/** What a message says. What Discord shows as a card becomes a line in brackets. */
export function textOf(message: DiscordContent): string {
  const { content, sticker_items, poll } = message;
  if (content !== "") return content;
  if (sticker_items?.length) return `[sticker ${sticker_items.map(({ name }) => name).join(", ")}]`;
  if (!poll) return "";
  return `[poll: ${poll.question.text} ${poll.answers.map(({ poll_media }) => poll_media.text).join(" / ")}]`;
}

/** The text with people, emoji and forwarded words as they are read, instead of as Discord writes them. */
export function readable(message: DiscordMessage): string {
  const forwarded =
    message.message_snapshots?.map(({ message: said }) => `[forwarded] ${textOf(said)}`) ?? [];
  const said = [textOf(message), ...forwarded].filter(Boolean).join("\n");
  const names = new Map(message.mentions.map((user) => [user.id, personOf(user, user.member?.nick).name]));
  return said
    .replace(/<@!?(\d+)>/g, (written, id: string) => (names.has(id) ? `@${names.get(id)}` : written))
    .replace(/<a?(:\w+:)\d+>/g, "$1");
}

/** The files of a message. Their addresses expire, so they are named by the message that holds them. */
export function attachmentsOf(message: DiscordMessage): Attachment[] {
  const holder = `${message.channel_id}/${message.id}`;
  const forwarded = message.message_snapshots?.flatMap(({ message: said }) => said.attachments) ?? [];
  return [
    ...message.attachments.map((file) => ({ ...describe(file), ref: `${holder}/${file.id}` })),
    ...forwarded.map((file) => ({ ...describe(file), ref: file.url })),
  ];
}

/** The file of a slash command: no message holds it, its signed address is all there is. */
export function loose(file: DiscordAttachment): Attachment {
  return { ...describe(file), ref: file.url };
}

/** What the message answers. */
export function quoteOf(message: DiscordMessage, botId: string): Quote | undefined {
  const { referenced_message: answered, message_reference: reference, message_snapshots } = message;
  if (message_snapshots || !reference?.message_id) return undefined;
  if (!answered) return { messageId: reference.message_id, fromUs: false };
  const text = shorten(textOf(answered), 500);
  return {
    messageId: answered.id,
    sender: personOf(answered.author).name,
    ...(text ? { text } : {}),
    fromUs: answered.author.id === botId,
  };
}

function describe(file: DiscordAttachment): Omit<Attachment, "ref"> {
  return { kind: kindOf(file), name: file.filename, mime: file.content_type, size: file.size };
}

function kindOf({ content_type = "", waveform }: DiscordAttachment): Attachment["kind"] {
  if (waveform !== undefined) return "voice";
  const [family] = content_type.split("/");
  return family === "image" || family === "audio" || family === "video" ? family : "file";
}
