import type { ChannelEnv, Inbound } from "../../../channels/channel.ts";
import { telegram } from "../../../channels/telegram/index.ts";
import type { Kit } from "./contract.ts";
import { envWith, SECRET, TOKEN, update } from "./env.ts";

const ok = (result: unknown) => Response.json({ ok: true, result });
const me = (async () => ok({ id: 424242, is_bot: true, username: "Flare_House_Bot" })) as typeof fetch;
const env = (overrides: Partial<ChannelEnv> = {}) => envWith({ fetch: me, ...overrides });

const request = (body: string, secret: string | undefined = SECRET) =>
  new Request("https://x.test/webhook/telegram", {
    method: "POST",
    body,
    headers: secret === undefined ? {} : { "x-telegram-bot-api-secret-token": secret },
  });

const body = () => JSON.stringify(update("private-text"));
const read =
  (name: string, change?: (payload: ReturnType<typeof update>) => void) => async (): Promise<Inbound[]> => {
    const payload = update(name);
    change?.(payload);
    return (await telegram.receive(request(JSON.stringify(payload)), env())).events;
  };
/** Somebody who had 🔥 there already adds a sign. */
const reaction = (emoji: string) => async (): Promise<Inbound[]> => {
  const { message } = update("group-plain");
  const signs = (...list: string[]) => list.map((one) => ({ type: "emoji", emoji: one }));
  const changed = {
    ...{ chat: message.chat, message_id: message.message_id, user: message.from, date: message.date },
    ...{ old_reaction: signs("🔥"), new_reaction: signs("🔥", emoji) },
  };
  const sent = JSON.stringify({ update_id: 9, message_reaction: changed });
  return (await telegram.receive(request(sent), env())).events;
};
const refused = (code: number, description: string, parameters?: object) =>
  Response.json({ ok: false, error_code: code, description, parameters }, { status: code });

export const telegramKit: Kit = {
  channel: telegram,
  env,
  secrets: [TOKEN, SECRET],
  request,
  forged: {
    "no secret": { atHeader: true, request: () => new Request(request(body()), { headers: {} }) },
    "a wrong secret": { atHeader: true, request: () => request(body(), `${SECRET}x`) },
    "the beginning of the secret": { atHeader: true, request: () => request(body(), SECRET.slice(0, -1)) },
  },
  unknownKind: JSON.stringify({ update_id: 1, shipping_query: { id: "1" } }),
  event: body,
  read: {
    plain: read("private-text"),
    mention: read("group-mention"),
    command: read("command-private"),
    reply: read("reply-to-bot"),
    bot: read("other-bot"),
    own: read("other-bot", (payload) => {
      payload.message.from.id = 424242;
    }),
    file: read("document"),
  },
  edits: {
    edit: read("edit"),
    edited: read("edit", (payload) => {
      payload.message = payload.edited_message;
      delete payload.edited_message;
      delete payload.message.edit_date;
    }),
  },
  reactions: {
    one: reaction("👍"),
    other: reaction("❤"),
  },
  answers: {
    sent: () => ok({ message_id: 5 }),
    rateLimited: (seconds) => refused(429, "Too Many Requests", { retry_after: seconds }),
    forbidden: () => refused(403, "Forbidden: bot was kicked from the supergroup chat"),
    broken: () => new Response("<html>", { status: 502 }),
  },
};
