import * as z from "zod";

/*
 * What we read of an event. What a message cannot do without is required; anything else that has an unexpected shape
 * counts as absent, so the platform may grow.
 * https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/reference/im-v1/message/events/receive
 */

const maybe = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
/** The platform writes absent ids as empty strings too. */
const id = z
  .string()
  .transform((value) => value || undefined)
  .optional()
  .catch(undefined);

const ids = z.object({ open_id: id, union_id: id, user_id: id, app_id: id });

/** Events give all ids of who is mentioned; the API gives one as a string. */
const mention = z.object({
  key: z.string().min(1),
  id: maybe(z.union([z.string(), ids.transform(({ open_id }) => open_id)])),
  name: z.string().catch(""),
});
const mentions = z.array(mention).catch([]);

const message = z.object({
  message_id: z.string().min(1),
  chat_id: z.string().min(1),
  chat_type: z.string(),
  message_type: z.string(),
  create_time: z.coerce.number().int().positive(),
  content: z.string().catch("{}"),
  root_id: id,
  parent_id: id,
  thread_id: id,
  mentions,
});

/** A message of which id, chat, time and sender are certain. */
export const messageEvent = z.object({
  sender: z.object({ sender_id: maybe(ids), sender_type: z.string().catch("") }),
  message,
});

/** A message as `GET /im/v1/messages/:message_id` gives it. */
export const fetchedMessage = z.object({
  msg_type: z.string().catch(""),
  body: z.object({ content: z.string().catch("{}") }).catch({ content: "{}" }),
  sender: z.object({ id, sender_type: z.string().catch("") }).catch({ id: undefined, sender_type: "" }),
  mentions,
});

const header = z.looseObject({ event_type: z.string(), token: maybe(z.string()) });

/** An event of version 2.0 as the webhook gets it, or flat as the SDK's dispatcher passes it on. */
export const envelope = z.union([
  z.object({ header, event: z.unknown() }),
  header.transform((flat) => ({ header: flat, event: flat as unknown })),
]);

/** The platform asks whether the address is ours; `token` tells that it is the platform. */
export const challenge = z.object({
  type: z.literal("url_verification"),
  challenge: z.string().max(1000),
  token: z.string(),
});

export type FeishuEvent = z.infer<typeof messageEvent>;
export type FeishuMessage = z.infer<typeof message>;
export type FeishuMention = z.infer<typeof mention>;
