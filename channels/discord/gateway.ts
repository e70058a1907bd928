import { afterCall } from "../call.ts";
import type { Inbound, Message } from "../channel.ts";
import { commandIn } from "../command.ts";
import { attachmentsOf, quoteOf, readable } from "./content.ts";
import { readInteraction } from "./interaction.ts";
import { isThread, personOf, placeOf } from "./place.ts";
import { reactionFrom, reactionSchema } from "./reaction.ts";
import {
  channelSchema,
  channelsSchema,
  type DiscordChannel,
  type DiscordMessage,
  messageSchema,
} from "./schema.ts";

/** A dispatch of the Gateway (op 0), as it came. */
export interface GatewayEvent {
  t: string;
  d: unknown;
}

/** The channels that are known, by id: names, and which channel a thread belongs to. */
export type Channels = Map<string, DiscordChannel>;

/** What an event of the Gateway is to us. */
export interface FromGateway {
  events: Inbound[];
  /** It was said in what may be a thread and is not in `channels`: `learn` it (GET /channels/:id) and ask again. */
  unknown?: string;
  /** An interaction waits for this, `POST` to `/interactions/:id/:token/callback`, within 3 seconds. */
  callback?: { path: string; json: unknown };
}

/** Messages of people and bots. All others tell what happened, and a thread's starter is told twice. */
const SAID = [0, 19, 20, 23];

/**
 * Maps one event of the Gateway. Kinds that we do not need give no events, and neither does what the bot itself sent.
 * Pure; never throws.
 * @param botId the user id of READY
 * @param channels what `learn` gathered on this connection
 * @param now milliseconds since the epoch, for events of which Discord tells no time
 */
export function fromGateway(
  event: GatewayEvent,
  botId: string,
  channels: Channels = new Map(),
  now = 0,
): FromGateway {
  if (event.t === "INTERACTION_CREATE") return interactionFrom(event.d);
  if (event.t === "MESSAGE_REACTION_ADD") return reactionIn(event.d, botId, channels, now);
  if (event.t !== "MESSAGE_CREATE" && event.t !== "MESSAGE_UPDATE") return { events: [] };
  const parsed = messageSchema.safeParse(event.d);
  if (!parsed.success || !SAID.includes(parsed.data.type)) return { events: [] };
  const message = parsed.data;
  if (message.author.id === botId) return { events: [] };
  const channel = channelOf(message, channels);
  if (!channel) return { events: [], unknown: message.channel_id };
  const said = messageFrom(message, botId, channel, channels);
  if (said.text === "" && said.attachments.length === 0) return { events: [] };
  if (event.t === "MESSAGE_CREATE") return { events: [said] };
  // Discord also tells an update when it has found the preview of a link.
  return { events: message.edited_timestamp ? [editOf(said, message.edited_timestamp)] : [] };
}

/** Remembers the channels and threads that an event of the Gateway, or a channel object as `CHANNEL_CREATE`, tells of. */
export function learn(channels: Channels, { t, d }: GatewayEvent): void {
  const lists = channelsSchema.safeParse(d);
  const single = /^(CHANNEL|THREAD)_(CREATE|UPDATE)$/.test(t);
  const told = single ? [d] : lists.success ? [...lists.data.channels, ...lists.data.threads] : [];
  for (const channel of told) {
    const parsed = channelSchema.safeParse(channel);
    if (parsed.success) channels.set(parsed.data.id, parsed.data);
  }
  if (t === "CHANNEL_DELETE" || t === "THREAD_DELETE")
    channels.delete((d as { id: string } | null)?.id ?? "");
}

function interactionFrom(d: unknown): FromGateway {
  const { events, json } = readInteraction(d);
  const { id, token } = (d ?? {}) as { id?: unknown; token?: unknown };
  if (json === undefined || typeof id !== "string" || typeof token !== "string") return { events };
  return { events, callback: { path: `/interactions/${id}/${token}/callback`, json } };
}

function reactionIn(d: unknown, botId: string, channels: Channels, now: number): FromGateway {
  const { data } = reactionSchema.safeParse(d);
  if (!data || data.user_id === botId) return { events: [] };
  const channel = channelOf(data, channels);
  if (!channel) return { events: [], unknown: data.channel_id };
  const parent = channels.get(channel.parent_id ?? "");
  return { events: [reactionFrom(data, { channel, parent, botId, now })] };
}

/** A thread must not be taken for a channel of its own; whether it is one is not always told. */
function channelOf(
  message: Pick<DiscordMessage, "channel_id" | "guild_id"> & { channel_type?: number },
  channels: Channels,
): DiscordChannel | undefined {
  const { channel_id: id, channel_type, guild_id } = message;
  const known = channels.get(id);
  if (known) return known;
  if (isThread(channel_type) || (channel_type === undefined && guild_id)) return undefined;
  return { id, type: channel_type ?? (guild_id ? 0 : 1) };
}

function messageFrom(
  message: DiscordMessage,
  botId: string,
  channel: DiscordChannel,
  channels: Channels,
): Message {
  const person = personOf(message.author, message.member?.nick);
  const sender = { ...person, isBot: person.isBot || message.webhook_id !== undefined };
  return {
    kind: "message",
    ...placeOf(channel, sender, channels.get(channel.parent_id ?? "")),
    key: `message:${message.id}`,
    sentAt: Date.parse(message.timestamp),
    messageId: message.id,
    sender,
    ...addressed(message, botId),
    replyTo: quoteOf(message, botId),
    attachments: attachmentsOf(message),
  };
}

/** A mention at the start is how people call the bot: nothing that the model need read. */
function addressed(message: DiscordMessage, botId: string): Pick<Message, "text" | "mentioned" | "command"> {
  const call = new RegExp(`^\\s*<@!?${botId}>`).exec(message.content)?.[0] ?? "";
  const rest = afterCall(message.content.slice(call.length));
  const text = readable(call && rest ? { ...message, content: rest } : message);
  const mentioned = message.mentions.some(({ id }) => id === botId);
  return { text, mentioned, command: commandIn(text) };
}

function editOf(message: Message, editedAt: string): Inbound {
  const at = Date.parse(editedAt);
  return { ...message, kind: "edit", key: `edit:${message.messageId}:${at}`, sentAt: at };
}
