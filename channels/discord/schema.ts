import * as z from "zod";

/*
 * What we read of Discord's objects (https://discord.com/developers/docs/resources/message#message-object and the
 * pages beside it). What an event cannot do without is required; anything else that has an unexpected shape counts
 * as absent, so Discord may grow.
 */

const maybe = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const text = maybe(z.string());
const integer = maybe(z.number().int());
export const snowflake = z.string().regex(/^\d{1,20}$/);

const user = z.object({
  id: snowflake,
  username: z.string().catch(""),
  global_name: text,
  // People have no such field. Whoever has it in an unknown form is not taken for one.
  bot: z.boolean().default(false).catch(true),
});
const member = maybe(z.object({ nick: text }));
export const memberWithUser = maybe(z.object({ nick: text, user }));

const attachment = z.object({
  id: snowflake,
  filename: z.string().catch("file"),
  content_type: text,
  size: integer,
  url: z.string(),
  /** Only voice messages have one. */
  waveform: text,
});
const attachments = z.array(attachment).catch([]);

const channel = z.object({ id: snowflake, type: integer, name: text, parent_id: maybe(snowflake) });

const shown = z.object({
  content: z.string().catch(""),
  attachments,
  sticker_items: maybe(z.array(z.object({ name: z.string() }))),
  poll: maybe(
    z.object({
      question: z.object({ text: z.string() }),
      answers: z.array(z.object({ poll_media: z.object({ text: z.string().catch("") }) })).catch([]),
    }),
  ),
});

const quoted = shown.extend({ id: snowflake, author: user });

/** A message as the Gateway tells it. An update that lacks its author is no message to us. */
export const messageSchema = quoted.extend({
  channel_id: snowflake,
  channel_type: integer,
  guild_id: maybe(snowflake),
  webhook_id: maybe(snowflake),
  member,
  type: z.number().int(),
  timestamp: z.iso.datetime({ offset: true }),
  edited_timestamp: maybe(z.iso.datetime({ offset: true })),
  mentions: z.array(user.extend({ member })).catch([]),
  message_reference: maybe(z.object({ message_id: maybe(snowflake) })),
  message_snapshots: maybe(z.array(z.object({ message: shown }))),
  referenced_message: maybe(quoted),
});

/** Of an interaction what every kind has: https://discord.com/developers/docs/interactions/receiving-and-responding */
export const interactionSchema = z.object({
  type: z.number().int(),
  id: snowflake,
  token: z.string().regex(/^[\w.+/=-]{1,600}$/),
  channel,
  guild_id: maybe(snowflake),
  context: integer,
  member: memberWithUser,
  user: maybe(user),
  /** The message that has the button. */
  message: maybe(z.object({ id: snowflake })),
  data: z.unknown().optional(),
});

interface Option {
  name: string;
  type: number;
  value?: string | number | boolean;
  options?: Option[];
}

const option: z.ZodType<Option> = z.lazy(() =>
  z.object({
    name: z.string(),
    type: z.number(),
    value: z.union([z.string(), z.number(), z.boolean()]).optional(),
    options: z.array(option).optional(),
  }),
);

/** A slash command's data. `type` 1; the menus of users and messages have others. */
export const slashSchema = z.object({
  type: z.literal(1),
  name: z.string(),
  options: z.array(option).default([]),
  resolved: maybe(z.object({ attachments: maybe(z.record(z.string(), attachment)) })),
});

/** A button's data. */
export const buttonSchema = z.object({ custom_id: z.string() });

/** What of the Gateway's events tells which channels there are. */
export const channelSchema = channel;
export const channelsSchema = z.object({
  channels: z.array(z.unknown()).catch([]),
  threads: z.array(z.unknown()).catch([]),
});

export type DiscordUser = z.infer<typeof user>;
export type DiscordChannel = z.infer<typeof channel>;
export type DiscordAttachment = z.infer<typeof attachment>;
export type DiscordContent = z.infer<typeof shown>;
export type DiscordMessage = z.infer<typeof messageSchema>;
export type DiscordInteraction = z.infer<typeof interactionSchema>;
export type DiscordSlash = z.infer<typeof slashSchema>;
