import { createHash } from "node:crypto";
import * as z from "zod";
import type { ChannelEnv, Send, Sent } from "../channel.ts";
import { type Answer, type Call, call, isThere, type Refusal, Silence } from "./api.ts";
import { uploadFile } from "./files.ts";
import { showWork, stopWork } from "./reaction.ts";
import { harmless, plainPost } from "./render.ts";

/** Least pause before another try; the outbox lets it grow. */
const PAUSE_MS = 1000;
/** Longest `uuid`, and for how long it makes a repeat harmless. */
export const UUID_LENGTH = 50;
/** Feishu forgets a `uuid` after an hour; a repeat may have to wait some minutes for its turn. */
export const UUID_WINDOW_MS = 50 * 60_000;

/** Slow down: the chat's five a second, the app's or the tenant's share, a send with the same uuid under way. */
const BUSY = new Set([230020, 230049, 11232, 11233, 11247, 99991400]);
/** The content was not taken: a bad parameter, too long for rich text, no card. */
const MARKUP = new Set([230001, 230025, 230099]);
/** The message to be answered, or its thread, is not there any more. */
const GONE = new Set([230011, 230019, 230050, 230110, 230071]);

/** What an operator can do. https://open.feishu.cn/document/server-docs/im-v1/message/create */
const ADVICE: Record<number, string> = {
  230002: "Add the bot to the group again.",
  230006: "Switch the bot on in the developer console and release a version.",
  230013: "The app's availability does not include this person.",
  230018: "Let the bot speak in this group.",
  230027: "Give the app the permission im:message:send_as_bot.",
  99991672: "Give the app the permission im:message:send_as_bot.",
  10003: "Check FEISHU_APP_ID.",
  10014: "Check FEISHU_APP_SECRET.",
};

type Message = Extract<Send, { type: "message" }>;
type Edit = Extract<Send, { type: "edit" }>;

/** Makes one call to the platform. Never throws; the reason never holds a secret. */
export async function send(send: Send, env: ChannelEnv): Promise<Sent> {
  if (!env.vars.FEISHU_APP_ID || !env.vars.FEISHU_APP_SECRET)
    return { outcome: "failed", reason: "FEISHU_APP_ID or FEISHU_APP_SECRET is not set." };
  try {
    return await made(send, env);
  } catch (error) {
    return unanswered(error, send, env);
  }
}

async function made(send: Send, env: ChannelEnv): Promise<Sent> {
  switch (send.type) {
    case "message":
      return deliver(send, env);
    case "edit":
      return ended(await call(env, editOf(send)), send);
    case "typing":
      await (send.over ? stopWork : showWork)(send.answering, env);
      return { outcome: "sent", messageId: "" };
    case "draft":
    case "seen":
    case "activity":
    case "dismiss":
      return { outcome: "sent", messageId: "" };
  }
}

/** To the message that it answers; where that is gone to its thread, and where that is gone to the chat. */
async function deliver(send: Message, env: ChannelEnv): Promise<Sent> {
  const content = await contentOf(send, env);
  if ("reason" in content) return refused(content, send);
  const uuid = uuidOf(send.key);
  const { chatId, thread } = send.to;
  const answered = [...new Set([send.replyTo, thread])].filter((id) => id !== undefined);
  for (const id of answered) {
    const body = { ...content, uuid, ...(thread ? { reply_in_thread: true } : {}) };
    const path = `/im/v1/messages/${encodeURIComponent(id)}/reply`;
    const answer = await call(env, { method: "POST", path, body });
    if (answer.ok || !GONE.has(answer.code)) return ended(answer, send);
  }
  const path = "/im/v1/messages?receive_id_type=chat_id";
  return ended(
    await call(env, { method: "POST", path, body: { receive_id: chatId, ...content, uuid } }),
    send,
  );
}

/** A file is brought to Feishu before the message that names it. */
async function contentOf({ part, asPlain, files }: Message, env: ChannelEnv) {
  if (files?.[0]) return uploadFile(files[0], env);
  return asPlain
    ? { msg_type: "text", content: JSON.stringify({ text: harmless(part.plain) }) }
    : { msg_type: "post", content: part.body };
}

/** Refused markup is edited as rich text without styles: a message keeps its kind. */
function editOf({ messageId, part, asPlain }: Edit): Call {
  const content = asPlain ? plainPost(part.plain) : part.body;
  const path = `/im/v1/messages/${encodeURIComponent(messageId)}`;
  return { method: "PUT", path, body: { msg_type: "post", content } };
}

/** A key that is too long for Feishu goes by its digest. */
function uuidOf(key: string): string {
  if (key.length <= UUID_LENGTH) return key;
  return createHash("sha256").update(key).digest("hex").slice(0, UUID_LENGTH);
}

const created = z.object({ data: z.object({ message_id: z.string().min(1) }) });

function ended(answer: Answer, send: Message | Edit): Sent {
  if (!answer.ok) return refused(answer, send);
  if (send.type === "edit") return { outcome: "sent", messageId: send.messageId };
  const parsed = created.safeParse(answer.data);
  if (parsed.success) return { outcome: "sent", messageId: parsed.data.data.message_id };
  return { outcome: "unknown", reason: "Feishu did not name the message that it made." };
}

function refused(refusal: Refusal, send: Message | Edit): Sent {
  const { code, status, before, afterMs } = refusal;
  const reason = [refusal.reason, ADVICE[code]].filter(Boolean).join(". ");
  const isFile = send.type === "message" && send.files !== undefined;
  if (send.type === "edit" && GONE.has(code)) return { outcome: "failed", gone: true, reason };
  if (BUSY.has(code) || status === 429) return { outcome: "retry", afterMs: afterMs ?? PAUSE_MS, reason };
  if (status >= 500) {
    // An edit that is made twice is the same edit. A message may have been made; its uuid covers a repeat.
    const again = before || send.type === "edit";
    return again
      ? { outcome: "retry", afterMs: PAUSE_MS, reason }
      : { outcome: "unknown", reason, mayRepeat: status === 503 };
  }
  if (MARKUP.has(code) && !before && !isFile && !send.asPlain) return { outcome: "markup", reason };
  return { outcome: "failed", reason };
}

/**
 * No answer came. Without a token nothing left, nor where Feishu cannot be reached at all; an edit may be repeated, and a
 * message is covered by its uuid.
 */
async function unanswered(error: unknown, send: Send, env: ChannelEnv): Promise<Sent> {
  const reason = "Feishu did not answer.";
  const phase = error instanceof Silence ? error.phase : "silent";
  const isSaid = send.type === "message" || (send.type === "edit" && !send.unfinished);
  if (isSaid && (phase === "token" || (phase === "lost" && !(await isThere(env)))))
    return { outcome: "retry", unreached: true, afterMs: PAUSE_MS, reason: "Feishu could not be reached." };
  if (send.type !== "message") return { outcome: "retry", afterMs: PAUSE_MS, reason };
  return phase === "lost"
    ? { outcome: "unknown", reason: "The connection to Feishu was lost.", mayRepeat: true }
    : { outcome: "unknown", reason };
}
