import { addressOf, type Chat, type Person } from "../channel.ts";
import type { DiscordChannel, DiscordUser } from "./schema.ts";

/** https://discord.com/developers/docs/resources/channel#channel-object-channel-types */
const DIRECT = 1;
const THREADS = [10, 11, 12];

/** Whether a channel of this type is a thread, which belongs to its parent. */
export function isThread(type: number | undefined): boolean {
  return type !== undefined && THREADS.includes(type);
}

/**
 * Where something was said. A thread has an id of its own at Discord; to us it is a thread of the channel that it
 * belongs to, whose members and memory it shares.
 * @param parent the channel that a thread belongs to, where it is known
 */
export function placeOf(channel: DiscordChannel, speaker: Person, parent?: DiscordChannel) {
  const inThread = isThread(channel.type) && channel.parent_id !== undefined;
  const id = inThread ? channel.parent_id! : channel.id;
  const name = inThread ? parent?.name : channel.name;
  const chat: Chat =
    channel.type === DIRECT
      ? { id, type: "direct", title: speaker.name }
      : { id, type: "group", ...(name ? { title: `#${name}` } : {}) };
  return { address: addressOf("discord", id), chat, ...(inThread ? { thread: channel.id } : {}) };
}

/** A person by the id that never changes, under the name that the server shows. */
export function personOf(user: DiscordUser, nick?: string): Person {
  const { id, username, global_name, bot } = user;
  return { id, name: nick || global_name || username || id, username: username || undefined, isBot: bot };
}

/** Milliseconds since the epoch at which this id was made. https://discord.com/developers/docs/reference#snowflakes */
export function timeOf(snowflake: string): number {
  return Number(BigInt(snowflake) >> 22n) + 1_420_070_400_000;
}
