import * as z from "zod";
import { addressOf, type Person } from "../channel.ts";
import type { Reaction } from "../reaction.ts";
import { nameOf } from "./content.ts";
import { chatSchema, userSchema } from "./update.ts";

const integer = z.number().int();
const kind = z.union([
  z.object({ type: z.literal("emoji"), emoji: z.string().min(1) }),
  z.object({ type: z.string() }).transform(({ type }) => ({ type, emoji: ":custom:" })),
]);

/** https://core.telegram.org/bots/api#messagereactionupdated: who changed all of his reactions, before and after. */
export const reactionSchema = z.object({
  chat: chatSchema,
  message_id: integer,
  user: userSchema.optional(),
  actor_chat: chatSchema.optional(),
  date: integer,
  old_reaction: z.array(kind),
  new_reaction: z.array(kind),
});

/** What was added; what was taken away is no news. */
export function reactionsFrom(update: z.infer<typeof reactionSchema>, botId: number): Reaction[] {
  const { chat, message_id, user, date, old_reaction: before, new_reaction: after } = update;
  const sender = senderOf(update);
  const added = after.filter(({ emoji }) => !before.some((one) => one.emoji === emoji));
  if (!sender || chat.type === "channel") return [];
  const id = String(chat.id);
  const direct = chat.type === "private";
  return added.map(({ emoji }) => ({
    kind: "reaction",
    address: addressOf("telegram", id),
    key: `reaction:${id}:${message_id}:${sender.id}:${date}:${emoji}`,
    chat: { id, type: direct ? "direct" : "group", title: direct ? nameOf(chat) : chat.title },
    sentAt: date * 1000,
    messageId: String(message_id),
    sender,
    emoji,
    fromUs: user?.id === botId,
  }));
}

/** A chat that reacts (an anonymous admin) is not a person. */
function senderOf({ user, actor_chat }: z.infer<typeof reactionSchema>): Person | undefined {
  if (actor_chat) {
    const name = nameOf({ ...actor_chat, first_name: actor_chat.title });
    return { id: String(actor_chat.id), name, username: actor_chat.username, isBot: true };
  }
  return user && { id: String(user.id), name: nameOf(user), username: user.username, isBot: user.is_bot };
}
