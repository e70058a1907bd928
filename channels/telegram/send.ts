import { GrammyError, HttpError } from "grammy/web";
import type { ChannelEnv, Part, Send, Sent } from "../channel.ts";
import type { Choice } from "../press.ts";
import { shorten } from "../shorten.ts";
import { apiOf, Unreached } from "./api.ts";
import { sendFiles } from "./files.ts";
import { queryIn } from "./press.ts";

/** Least pause before another try; the outbox lets it grow. */
const PAUSE_MS = 1000;
/** One of those that bots may use: https://core.telegram.org/bots/api#reactiontypeemoji */
const EYES = { type: "emoji", emoji: "👀" } as const;

/** Makes one call to the Bot API. Never throws; the reason never holds the token. */
export async function send(send: Send, env: ChannelEnv): Promise<Sent> {
  if (!env.vars.TELEGRAM_BOT_TOKEN) return { outcome: "failed", reason: "TELEGRAM_BOT_TOKEN is not set." };
  try {
    return { outcome: "sent", messageId: await call(send, env) };
  } catch (error) {
    const sent = error instanceof GrammyError ? refused(error, send) : await unanswered(error, send, env);
    return withoutToken(sent, env.vars.TELEGRAM_BOT_TOKEN);
  }
}

async function call(send: Send, env: ChannelEnv): Promise<string> {
  const api = apiOf(env);
  const { chatId } = send.to;
  const topic = send.to.thread ? { message_thread_id: Number(send.to.thread) } : {};
  switch (send.type) {
    case "message": {
      const place = { ...topic, ...answering(send.replyTo) };
      if (send.files) return String(await sendFiles({ ...send, files: send.files }, place, env));
      const { text, ...options } = contentOf(send.part, send.asPlain);
      const more = { ...place, ...buttons(send.choices) };
      const sent = await api.sendMessage(chatId, text, { ...options, ...more });
      return String(sent.message_id);
    }
    case "edit": {
      const { text, ...options } = contentOf(send.part, send.asPlain);
      await api.editMessageText(chatId, Number(send.messageId), text, options);
      return send.messageId;
    }
    case "draft":
      await api.sendMessageDraft(Number(chatId), send.draftId, send.part.body, {
        parse_mode: "HTML",
        ...topic,
      });
      return String(send.draftId);
    case "seen":
      await api.setMessageReaction(chatId, Number(send.messageId), send.over ? [] : [EYES]);
      return "";
    case "typing":
      await api.sendChatAction(chatId, "typing", topic);
      return "";
    case "activity":
      return "";
    case "dismiss": {
      const query = queryIn(send.answerTo);
      // https://core.telegram.org/bots/api#answercallbackquery: at most 200 characters.
      if (query) await api.answerCallbackQuery(query, send.text ? { text: shorten(send.text, 200) } : {});
      return "";
    }
  }
}

/** https://core.telegram.org/bots/api#inlinekeyboardmarkup; an edit without one takes it away. */
function buttons(choices: readonly Choice[] = []) {
  if (choices.length === 0) return {};
  const row = choices.map(({ label, value }) => ({ text: label, callback_data: value }));
  return { reply_markup: { inline_keyboard: [row] } };
}

function contentOf(part: Part, asPlain = false) {
  const quiet = { link_preview_options: { is_disabled: true } };
  return asPlain
    ? { text: part.plain, ...quiet }
    : { text: part.body, parse_mode: "HTML" as const, ...quiet };
}

function answering(messageId: string | undefined) {
  if (!messageId) return {};
  return { reply_parameters: { message_id: Number(messageId), allow_sending_without_reply: true } };
}

/** Telegram answered and refused. https://core.telegram.org/bots/api#responseparameters */
function refused(error: GrammyError, send: Send): Sent {
  const { error_code: code, description, parameters } = error;
  const reason = `Telegram refused: ${description}`;
  if (parameters.migrate_to_chat_id !== undefined)
    return { outcome: "moved", chatId: String(parameters.migrate_to_chat_id) };
  if (code === 429) return { outcome: "retry", afterMs: (parameters.retry_after ?? 5) * 1000, reason };
  if (code === 504) return timedOut(send);
  if (code >= 500) return { outcome: "retry", afterMs: PAUSE_MS, reason };
  if (code === 400 && /message is not modified/i.test(description) && send.type === "edit") {
    return { outcome: "sent", messageId: send.messageId };
  }
  if (send.type === "edit" && /message to edit not found|MESSAGE_ID_INVALID/i.test(description))
    return { outcome: "failed", gone: true, reason };
  if (code === 400 && isMarkup(description) && !("asPlain" in send && send.asPlain))
    return { outcome: "markup", reason };
  if (code === 401 || code === 404)
    return { outcome: "failed", reason: `${reason}. Check TELEGRAM_BOT_TOKEN.` };
  return { outcome: "failed", reason };
}

function isMarkup(description: string): boolean {
  return /can't parse (?:entities|message)|unsupported start tag|entit(?:y|ies)/i.test(description);
}

/**
 * No answer came. Where Telegram cannot be reached at all the message did not arrive; where only this connection was
 * lost it may have, and Telegram has no send key. See docs/decisions/0003-unknown-sends.md.
 */
async function unanswered(error: unknown, send: Send, env: ChannelEnv): Promise<Sent> {
  const isSaid = send.type === "message" || (send.type === "edit" && !send.unfinished);
  if (!isSaid || !(error instanceof HttpError && error.error instanceof Unreached)) return timedOut(send);
  if (!(await isThere(env)))
    return { outcome: "retry", unreached: true, afterMs: PAUSE_MS, reason: "Telegram could not be reached." };
  if (send.type === "edit") return timedOut(send);
  return { outcome: "unknown", reason: "The connection to Telegram was lost.", mayRepeat: true };
}

async function isThere(env: ChannelEnv): Promise<boolean> {
  return apiOf(env)
    .getMe()
    .then(
      () => true,
      (error) => error instanceof GrammyError,
    );
}

/** Telegram had the request, and nothing certain came back. An edit that is made twice is the same edit. */
function timedOut(send: Send): Sent {
  const reason = "Telegram did not answer.";
  return send.type === "edit"
    ? { outcome: "retry", afterMs: PAUSE_MS, reason }
    : { outcome: "unknown", reason };
}

function withoutToken(sent: Sent, token: string): Sent {
  return "reason" in sent ? { ...sent, reason: sent.reason.replaceAll(token, "[token]") } : sent;
}
