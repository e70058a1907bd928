import * as z from "zod";
import { addressOf, type ChannelEnv } from "../channel.ts";
import type { Reaction } from "../reaction.ts";
import { nameOf, placeOfMessage, titleOf } from "./lookups.ts";

/** https://open.feishu.cn/document/server-docs/im-v1/message-reaction/events/created */
const reactionEvent = z.object({
  message_id: z.string().min(1),
  reaction_type: z.object({ emoji_type: z.string().min(1) }),
  operator_type: z.string(),
  user_id: z.object({ open_id: z.string().min(1) }),
  action_time: z.coerce.number().int().positive(),
});

/** Feishu's names of the most common ones: https://open.feishu.cn/document/server-docs/im-v1/message-reaction/emojis-introduce */
const EMOJI: Record<string, string> = {
  ...{ THUMBSUP: "👍", ThumbsDown: "👎", OK: "👌", THANKS: "🙏", HEART: "❤️", SMILE: "🙂", LAUGH: "😄" },
  ...{ APPLAUSE: "👏", FISTBUMP: "👊", PARTY: "🎉", CRY: "😭", ANGRY: "😠", FINGERHEART: "🫰", DONE: "✅" },
};

/**
 * A reaction of a person; those of apps, ours among them, are no news. Feishu does not tell the chat: it is asked for.
 * Rejects when Feishu has to be asked again later.
 */
export async function reactionsFrom(event: unknown, env: ChannelEnv): Promise<Reaction[]> {
  const { data } = reactionEvent.safeParse(event);
  if (data?.operator_type !== "user") return [];
  const { message_id: messageId, action_time: sentAt } = data;
  const place = await placeOfMessage(messageId, env);
  if (!place) return [];
  const { open_id: id } = data.user_id;
  const [name, title] = await Promise.all([nameOf(id, env), titleOf(place.chatId, env)]);
  const type = data.reaction_type.emoji_type;
  return [
    {
      kind: "reaction",
      address: addressOf("feishu", place.chatId),
      key: `reaction:${messageId}:${id}:${type}:${sentAt}`,
      // Whether it is a direct chat is known from its messages; a reaction registers nothing.
      chat: { id: place.chatId, type: "group", title: title || undefined },
      sentAt,
      messageId,
      sender: { id, name: name ?? id, isBot: false },
      emoji: EMOJI[type] ?? `:${type}:`,
      toUs: place.toUs,
    },
  ];
}
