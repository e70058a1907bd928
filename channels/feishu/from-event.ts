import { addressOf, type ChannelEnv, type Inbound, type Message, type Person } from "../channel.ts";
import { addressedTo } from "./addressed.ts";
import { type Content, contentOf } from "./content.ts";
import { envelope, type FeishuEvent, type FeishuMessage, messageEvent } from "./event.ts";
import { botIdOf, isUs, nameOf, quoteOf, titleOf } from "./lookups.ts";
import { reactionsFrom } from "./reaction-event.ts";

/** What came is no event, or a message without id, chat, time or sender. */
export class NotAnEvent extends Error {
  override name = "NotAnEvent";
}

/**
 * An event of version 2.0 in our words: the decrypted body of a webhook, or what the SDK's dispatcher hands to its
 * handler. Kinds that we do not know give nothing. Asks Feishu who the bot is, what is quoted and how people and
 * groups are called. Rejects with `NotAnEvent`, and with anything else when Feishu has to be asked again later.
 */
export async function fromEvent(event: unknown, env: ChannelEnv): Promise<Inbound[]> {
  const opened = envelope.safeParse(event);
  if (!opened.success) throw new NotAnEvent("Not an event.");
  if (opened.data.header.event_type === "im.message.reaction.created_v1")
    return reactionsFrom(opened.data.event, env);
  if (opened.data.header.event_type !== "im.message.receive_v1") return [];
  const parsed = messageEvent.safeParse(opened.data.event);
  if (!parsed.success) throw new NotAnEvent("A message without id, chat, time or sender.");
  const { message } = parsed.data;
  const content = contentOf(message.message_type, message.content, message.message_id);
  const isEmpty = content.text.trim() === "" && content.attachments.length === 0;
  return isEmpty ? [] : messageFrom(parsed.data, content, env);
}

/** The same of what the companion's long connection brings; undefined for what is no event. */
export async function readRaw(event: unknown, env: ChannelEnv): Promise<Inbound[] | undefined> {
  try {
    return await fromEvent(event, env);
  } catch (error) {
    if (error instanceof NotAnEvent) return undefined;
    throw error;
  }
}

async function messageFrom(event: FeishuEvent, content: Content, env: ChannelEnv): Promise<Message[]> {
  const { message } = event;
  // First alone: it fetches the token that the others use.
  const sender = await senderOf(event, env);
  if (!sender) return [];
  const [title, bot, replyTo] = await Promise.all([
    message.chat_type === "p2p" ? undefined : titleOf(message.chat_id, env),
    message.mentions.length > 0 ? botIdOf(env) : undefined,
    quotedId(message) === undefined ? undefined : quoteOf(quotedId(message)!, env),
  ]);
  const { fromUs, ...person } = sender;
  return [
    {
      kind: "message",
      ...placeOf(message, title ?? (message.chat_type === "p2p" ? person.name : undefined)),
      key: `message:${message.message_id}`,
      messageId: message.message_id,
      sender: person,
      ...addressedTo(bot, content.text, message.mentions),
      replyTo,
      attachments: content.attachments,
      fromUs,
    },
  ];
}

function placeOf(message: FeishuMessage, title: string | undefined) {
  return {
    address: addressOf("feishu", message.chat_id),
    chat: {
      id: message.chat_id,
      type: message.chat_type === "p2p" ? ("direct" as const) : ("group" as const),
      title,
    },
    thread: threadOf(message),
    sentAt: message.create_time,
  };
}

/**
 * A thread goes by its first message, not by its thread_id: an answer can only be sent to a message.
 * https://open.feishu.cn/document/im-v1/message/thread-introduction
 */
function threadOf({ thread_id, root_id, message_id }: FeishuMessage): string | undefined {
  return thread_id && (root_id ?? message_id);
}

/** Within a thread every message answers the first one; that is no quote. */
function quotedId({ thread_id, parent_id }: FeishuMessage): string | undefined {
  return thread_id ? undefined : parent_id;
}

/** Who wrote it, by the app's own id of him. What is not a user (an app, an anonymous one) counts as a bot. */
async function senderOf(
  { sender }: FeishuEvent,
  env: ChannelEnv,
): Promise<(Person & { fromUs: boolean }) | undefined> {
  const id = sender.sender_id?.open_id ?? sender.sender_id?.app_id;
  if (id === undefined) return undefined;
  const isBot = sender.sender_type !== "user";
  const fromUs = isBot && (await isUs(id, env));
  const name = isBot ? undefined : await nameOf(id, env);
  return { id, name: name ?? id, isBot, fromUs };
}
