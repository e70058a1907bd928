import * as z from "zod";
import type { ChannelEnv, Quote } from "../channel.ts";
import { shorten } from "../shorten.ts";
import { named } from "./addressed.ts";
import { type Answer, apiRoot, call, type Refusal } from "./api.ts";
import { contentOf } from "./content.ts";
import { fetchedMessage } from "./event.ts";

/** Feishu wants its answer within three seconds; what is asked in between is asked for less. */
const PATIENCE_MS = 900;
const HOUR_MS = 60 * 60_000;
const KEPT = 2000;

const kept = new Map<string, { value: string; until: number }>();

const bot = z.object({ bot: z.object({ open_id: z.string().min(1) }) });

/**
 * The bot's own open_id: `FEISHU_BOT_OPEN_ID`, or asked for once per isolate. Rejects when Feishu does not tell it.
 * https://open.feishu.cn/document/client-docs/bot-v3/obtain-bot-info
 */
export async function botIdOf(env: ChannelEnv): Promise<string> {
  const { FEISHU_BOT_OPEN_ID: given, FEISHU_APP_ID: app } = env.vars;
  if (given) return given;
  const key = `${apiRoot(env.vars)} ${app} bot`;
  const known = kept.get(key)?.value;
  if (known !== undefined) return known;
  const answer = await ask(env, "/bot/v3/info");
  if (!answer.ok) throw new Error(answer.reason);
  return keep(key, bot.parse(answer.data).bot.open_id, Number.POSITIVE_INFINITY);
}

const user = z.object({ data: z.object({ user: z.object({ name: z.string() }) }) });
const chat = z.object({ data: z.object({ name: z.string() }) });

/** A person's name; undefined where the app may not read it or nobody answers. Never rejects. */
export function nameOf(openId: string, env: ChannelEnv): Promise<string | undefined> {
  const path = `/contact/v3/users/${encodeURIComponent(openId)}?user_id_type=open_id`;
  return remembered(path, env, (data) => user.parse(data).data.user.name);
}

/** A group's title, under the same terms. */
export function titleOf(chatId: string, env: ChannelEnv): Promise<string | undefined> {
  const path = `/im/v1/chats/${encodeURIComponent(chatId)}`;
  return remembered(path, env, (data) => chat.parse(data).data.name);
}

const fetched = z.object({ data: z.object({ items: z.tuple([fetchedMessage], z.unknown()) }) });

/**
 * A message as a quote. Where the app may not read it or it is gone, only its id. Rejects when nobody answers: a reply
 * to the bot must not pass for one to somebody else.
 */
export async function quoteOf(messageId: string, env: ChannelEnv): Promise<Quote> {
  const answer = await ask(env, `/im/v1/messages/${encodeURIComponent(messageId)}`);
  if (!answer.ok && isPassing(answer)) throw new Error(answer.reason);
  const found = answer.ok ? fetched.safeParse(answer.data) : undefined;
  if (!found?.success) return { messageId, fromUs: false };
  const [{ msg_type, body, sender, mentions }] = found.data.data.items;
  const text = named(contentOf(msg_type, body.content, messageId).text, mentions).trim();
  return {
    messageId,
    fromUs: sender.sender_type === "app" && (await isUs(sender.id, env)),
    ...(text ? { text: shorten(text, 500) } : {}),
    ...(sender.id && sender.sender_type === "user" ? { sender: await nameOf(sender.id, env) } : {}),
  };
}

const placed = z.object({
  data: z.object({
    items: z.tuple([fetchedMessage.extend({ chat_id: z.string().min(1) })], z.unknown()),
  }),
});

/** The chat of a message, and whether we said it. Undefined where the app may not read it; rejects as `quoteOf`. */
export async function placeOfMessage(messageId: string, env: ChannelEnv) {
  const answer = await ask(env, `/im/v1/messages/${encodeURIComponent(messageId)}`);
  if (!answer.ok && isPassing(answer)) throw new Error(answer.reason);
  const { data } = placed.safeParse(answer.ok ? answer.data : undefined);
  if (!data) return undefined;
  const [{ chat_id, sender }] = data.data.items;
  return { chatId: chat_id, toUs: sender.sender_type === "app" && (await isUs(sender.id, env)) };
}

/** Whether an id of an app is ours; the platform gives the app's or the bot's. */
export async function isUs(id: string | undefined, env: ChannelEnv): Promise<boolean> {
  if (id === undefined) return false;
  return id === env.vars.FEISHU_APP_ID || (id.startsWith("ou_") && id === (await botIdOf(env)));
}

function ask(env: ChannelEnv, path: string): Promise<Answer> {
  return call(env, { method: "GET", path, timeoutMs: PATIENCE_MS });
}

/** A trouble that is over soon: an overload, or too many calls. */
export function isPassing({ status, code }: Refusal): boolean {
  return status >= 500 || status === 429 || code === 99991400;
}

/** Kept for an hour, a refusal too: an app without the right would ask for every message. */
async function remembered(
  path: string,
  env: ChannelEnv,
  pick: (data: unknown) => string,
): Promise<string | undefined> {
  const key = `${apiRoot(env.vars)} ${env.vars.FEISHU_APP_ID} ${path}`;
  const known = kept.get(key);
  if (known && env.now() < known.until) return known.value || undefined;
  try {
    const answer = await ask(env, path);
    return keep(key, answer.ok ? pick(answer.data) : "", env.now() + HOUR_MS) || undefined;
  } catch {
    return undefined;
  }
}

function keep(key: string, value: string, until: number): string {
  if (kept.size >= KEPT) kept.clear();
  kept.set(key, { value, until });
  return value;
}
