import * as z from "zod";
import type { Person } from "../channel.ts";
import type { Reaction } from "../reaction.ts";
import { personOf, placeOf } from "./place.ts";
import { type DiscordChannel, memberWithUser, snowflake } from "./schema.ts";

/** https://discord.com/developers/docs/events/gateway-events#message-reaction-add; a direct chat names no member. */
export const reactionSchema = z.object({
  user_id: snowflake,
  channel_id: snowflake,
  message_id: snowflake,
  guild_id: snowflake.optional().catch(undefined),
  member: memberWithUser,
  message_author_id: snowflake.optional().catch(undefined),
  emoji: z.object({ id: snowflake.nullish().catch(undefined), name: z.string().nullish().catch(undefined) }),
});

/** The Gateway tells no time: `now` stands for it, in milliseconds. */
export function reactionFrom(
  added: z.infer<typeof reactionSchema>,
  place: { channel: DiscordChannel; parent?: DiscordChannel; botId: string; now: number },
): Reaction {
  const { user_id, message_id, emoji, message_author_id } = added;
  const sender = senderOf(added);
  const shown = emoji.id ? `:${emoji.name ?? "custom"}:` : (emoji.name ?? ":custom:");
  return {
    kind: "reaction",
    ...placeOf(place.channel, sender, place.parent),
    key: `reaction:${message_id}:${user_id}:${emoji.id ?? shown}`,
    sentAt: place.now,
    messageId: message_id,
    sender,
    emoji: shown,
    toUs: message_author_id === place.botId,
    fromUs: user_id === place.botId,
  };
}

/** Whoever reacts in a direct chat is the person of that chat; the name is known from what they wrote. */
function senderOf({ user_id: id, member, guild_id }: z.infer<typeof reactionSchema>): Person {
  if (member) return personOf(member.user, member.nick);
  return { id, name: id, isBot: guild_id !== undefined };
}
