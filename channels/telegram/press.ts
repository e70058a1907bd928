import { addressOf, type ChannelEnv } from "../channel.ts";
import type { Press } from "../press.ts";
import { nameOf } from "./content.ts";
import { pressSchema } from "./update.ts";

const ANSWERED = /^callback:([\w-]{1,64})$/;

/**
 * A pressed button as an event; undefined for one below a message that is too old for Telegram to show, or that stands
 * in no chat. Telegram's clock is not told, so it is ours.
 */
export function pressFrom(value: unknown, env: Pick<ChannelEnv, "now">): Press | undefined {
  const parsed = pressSchema.safeParse(value);
  if (!parsed.success || parsed.data.message.chat.type === "channel") return undefined;
  const { id, from, message, data } = parsed.data;
  const { chat } = message;
  const direct = chat.type === "private";
  return {
    kind: "press",
    address: addressOf("telegram", String(chat.id)),
    key: `callback:${id}`,
    chat: {
      id: String(chat.id),
      type: direct ? "direct" : "group",
      title: direct ? nameOf(chat) : chat.title,
    },
    ...(message.is_topic_message ? { thread: String(message.message_thread_id) } : {}),
    sentAt: env.now(),
    sender: { id: String(from.id), name: nameOf(from), username: from.username, isBot: from.is_bot },
    messageId: String(message.message_id),
    value: data,
    answerTo: `callback:${id}`,
  };
}

/** The query's id in the `answerTo` of a press. */
export function queryIn(answerTo: string): string | undefined {
  return ANSWERED.exec(answerTo)?.[1];
}
