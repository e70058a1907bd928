import { readBody } from "../body.ts";
import {
  addressOf,
  type ChannelEnv,
  type Inbound,
  type Message,
  type Person,
  type Received,
} from "../channel.ts";
import { isEnabled } from "../enabled.ts";
import { jsonOf } from "../json.ts";
import { sameSecret } from "../secret.ts";
import { type Addressed, addressedTo } from "./addressed.ts";
import { botIdOf, usernameOf } from "./api.ts";
import { attachmentsOf, nameOf, quoteOf, textOf } from "./content.ts";
import { pressFrom } from "./press.ts";
import { reactionSchema, reactionsFrom } from "./reaction.ts";
import { messageSchema, type TelegramMessage, updateSchema } from "./update.ts";

const BODY_CAP = 1024 * 1024;

/** Telegram's apps cut a paste at 4,096 units, or a little before at a word. */
const CUT_BY_THE_APP = 4000;

/**
 * Reads one webhook request: 405 for another method, 401 before the body is read when the secret is wrong or not
 * set, 413 above 1 MiB, 400 for what is no update, 503 when the bot's own name is needed and Telegram does not tell
 * it (it delivers again then). What we do not know is 200 without events: Telegram would deliver it again and again, and
 * hold up the chat.
 */
export async function receive(request: Request, env: ChannelEnv): Promise<Received> {
  if (request.method !== "POST") return refuse(405, "Post updates here.");
  if (!(await isFromTelegram(request, env.vars))) return refuse(401, "The secret is wrong or not set.");
  if (Number.isNaN(botIdOf(env.vars))) return refuse(503, "TELEGRAM_BOT_TOKEN is not set.");
  const body = await readBody(request, BODY_CAP);
  if ("status" in body) return refuse(body.status, body.status === 413 ? "Too large." : "Not readable.");
  const found = messageIn(body.text);
  if ("reason" in found) return refuse(400, found.reason);
  if (found.press !== undefined) {
    const press = pressFrom(found.press, env);
    return { status: 200, events: press ? [press] : [] };
  }
  if (!found.message) return { status: 200, events: reactionsIn(found.reaction, botIdOf(env.vars)) };
  try {
    return { status: 200, events: await eventsOf(found.message, found.edited, env) };
  } catch {
    return refuse(503, "Telegram does not answer getMe.");
  }
}

async function isFromTelegram(request: Request, vars: ChannelEnv["vars"]): Promise<boolean> {
  const expected = vars.TELEGRAM_WEBHOOK_SECRET;
  const given = request.headers.get("x-telegram-bot-api-secret-token");
  if (!expected || !given || !isEnabled("telegram", vars)) return false;
  return sameSecret(given, expected);
}

function refuse(status: number, body: string): Received {
  return { status, body, events: [] };
}

type Found =
  | { message?: TelegramMessage; edited: boolean; reaction?: unknown; press?: unknown }
  | { reason: string };

function messageIn(text: string): Found {
  const update = updateSchema.safeParse(jsonOf(text));
  if (!update.success) return { reason: "Not an update." };
  const { message, edited_message, message_reaction: reaction, callback_query: press } = update.data;
  const edited = message === undefined;
  if (edited && edited_message === undefined) return { edited, reaction, press };
  const parsed = messageSchema.safeParse(message ?? edited_message);
  return { message: parsed.data, edited };
}

function reactionsIn(reaction: unknown, botId: number): Inbound[] {
  const { data } = reactionSchema.safeParse(reaction);
  return data ? reactionsFrom(data, botId) : [];
}

async function eventsOf(message: TelegramMessage, edited: boolean, env: ChannelEnv): Promise<Inbound[]> {
  const moved = migrationOf(message);
  if (moved) return [moved];
  const sender = senderOf(message);
  const isEmpty = textOf(message) === "" && attachmentsOf(message).length === 0;
  if (!sender || isEmpty || message.chat.type === "channel") return [];
  const bot = { id: botIdOf(env.vars), username: () => usernameOf(env) };
  const event = messageFrom(message, sender, await addressedTo(bot, message), bot.id);
  return [edited ? editOf(message, event) : event];
}

function messageFrom(message: TelegramMessage, sender: Person, addressed: Addressed, botId: number): Message {
  return {
    kind: "message",
    ...placeOf(message),
    key: `message:${message.chat.id}:${message.message_id}`,
    messageId: String(message.message_id),
    sender,
    ...addressed,
    replyTo: quoteOf(message, botId),
    attachments: attachmentsOf(message),
    partOfMore: message.media_group_id !== undefined || textOf(message).length >= CUT_BY_THE_APP,
    fromUs: message.from?.id === botId,
  };
}

function editOf(message: TelegramMessage, event: Message): Inbound {
  const at = message.edit_date ?? message.date;
  const key = `edit:${message.chat.id}:${message.message_id}:${at}`;
  return { ...event, kind: "edit", key, sentAt: at * 1000 };
}

/** Both chats are told of a migration, the old and the new; both tell the same event of the old one. */
function migrationOf(message: TelegramMessage): Inbound | undefined {
  const from = message.migrate_from_chat_id ?? message.chat.id;
  const to =
    message.migrate_to_chat_id ?? (message.migrate_from_chat_id === undefined ? undefined : message.chat.id);
  if (to === undefined) return undefined;
  const place = placeOf({ ...message, chat: { ...message.chat, id: from } });
  return {
    kind: "migration",
    ...place,
    key: `migration:${from}:${to}`,
    to: addressOf("telegram", String(to)),
  };
}

function placeOf(message: TelegramMessage) {
  const { chat } = message;
  const id = String(chat.id);
  const direct = chat.type === "private";
  return {
    address: addressOf("telegram", id),
    chat: {
      id,
      type: direct ? ("direct" as const) : ("group" as const),
      title: direct ? nameOf(chat) : chat.title,
    },
    thread: isInTopic(message) ? String(message.message_thread_id) : undefined,
    sentAt: message.date * 1000,
  };
}

/** Outside of topics a thread id only numbers a chain of replies; sending to it fails. */
function isInTopic(message: TelegramMessage): boolean {
  if (message.message_thread_id === undefined) return false;
  const mayHaveTopics = message.chat.is_forum === true || message.chat.type === "private";
  return message.is_topic_message ?? (mayHaveTopics && message.reply_to_message === undefined);
}

/** Who wrote it. A chat that speaks (anonymous admin, linked channel) is not a person and never counts as one. */
function senderOf({ from, sender_chat }: TelegramMessage): Person | undefined {
  if (sender_chat) {
    return {
      id: String(sender_chat.id),
      name: nameOf({ ...sender_chat, first_name: sender_chat.title }),
      username: sender_chat.username,
      isBot: true,
    };
  }
  return from && { id: String(from.id), name: nameOf(from), username: from.username, isBot: from.is_bot };
}
