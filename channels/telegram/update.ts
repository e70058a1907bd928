import * as z from "zod";

/*
 * What we read of an update (https://core.telegram.org/bots/api#update). What a message cannot do without is
 * required; anything else that has an unexpected shape counts as absent, so Telegram may grow.
 */

const maybe = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const text = maybe(z.string());
const integer = z.number().int();

export const userSchema = z.object({
  id: integer,
  // Whoever does not say that he is a person is not taken for one.
  is_bot: z.boolean().catch(true),
  first_name: z.string().catch(""),
  last_name: text,
  username: text,
});

export const chatSchema = z.object({
  id: integer,
  type: z.enum(["private", "group", "supergroup", "channel"]),
  title: text,
  username: text,
  first_name: text,
  last_name: text,
  is_forum: maybe(z.boolean()),
});

const entity = z.object({ type: z.string(), offset: integer, length: integer, user: maybe(userSchema) });
const entities = maybe(z.array(entity));

const file = z.object({ file_id: z.string(), file_name: text, mime_type: text, file_size: maybe(integer) });
const media = {
  photo: maybe(z.array(file.extend({ width: integer, height: integer }))),
  document: maybe(file),
  voice: maybe(file),
  audio: maybe(file),
  video: maybe(file),
  video_note: maybe(file),
  animation: maybe(file),
};

const shown = z.object({
  message_id: integer,
  text,
  caption: text,
  ...media,
  sticker: maybe(z.object({ emoji: text })),
  location: maybe(z.object({ latitude: z.number(), longitude: z.number() })),
  venue: maybe(z.object({ title: z.string(), address: z.string() })),
  contact: maybe(z.object({ phone_number: z.string(), first_name: z.string(), last_name: text })),
  poll: maybe(z.object({ question: z.string(), options: z.array(z.object({ text: z.string() })) })),
  dice: maybe(z.object({ emoji: z.string(), value: z.number() })),
});

const quoted = shown.extend({
  from: maybe(userSchema),
  sender_chat: maybe(chatSchema),
  forum_topic_created: maybe(z.object({})),
});

/** A message of which chat, id and date are certain. */
export const messageSchema = quoted.extend({
  date: integer,
  edit_date: maybe(integer),
  chat: chatSchema,
  entities,
  caption_entities: entities,
  message_thread_id: maybe(integer),
  is_topic_message: maybe(z.boolean()),
  media_group_id: text,
  reply_to_message: maybe(quoted),
  quote: maybe(z.object({ text: z.string() })),
  migrate_to_chat_id: maybe(integer),
  migrate_from_chat_id: maybe(integer),
});

/** The envelope. Kinds that are not named here are unknown to us. */
export const updateSchema = z.object({
  update_id: integer,
  message: z.unknown().optional(),
  edited_message: z.unknown().optional(),
  message_reaction: z.unknown().optional(),
  callback_query: z.unknown().optional(),
});

/** A pressed button: https://core.telegram.org/bots/api#callbackquery */
export const pressSchema = z.object({
  id: z.string().regex(/^[\w-]{1,64}$/),
  from: userSchema,
  message: z.object({
    message_id: integer,
    chat: chatSchema,
    message_thread_id: maybe(integer),
    is_topic_message: maybe(z.boolean()),
  }),
  data: z.string().max(64),
});

export type TelegramMessage = z.infer<typeof messageSchema>;
export type TelegramContent = z.infer<typeof shown>;
export type TelegramQuoted = z.infer<typeof quoted>;
export type TelegramEntity = z.infer<typeof entity>;
