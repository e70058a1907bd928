import type { ChannelEnv, Send, Sent } from "../channel.ts";
import { idWith, isLive, isYoung, type Ticket, ticketIn } from "./answer-to.ts";
import { type Call, call, type Reply, refusalOf } from "./api.ts";
import { nonceOf } from "./nonce.ts";
import { buttons, pressedTicket } from "./press.ts";

/** Least pause before another try; the outbox lets it grow. */
const PAUSE_MS = 1000;
const SUPPRESS_EMBEDS = 4;
const EPHEMERAL = 64;

/** Nothing was done. The others above 500 come from between, where the request may have gone on. */
const CERTAIN = [500, 502, 503];
const UNKNOWN_MESSAGE = 10008;
/** "Unknown Message", "Unknown Webhook", "Unknown interaction", "Invalid Webhook Token". */
const UNKNOWN_TICKET = [UNKNOWN_MESSAGE, 10015, 10062, 50027];

/** https://discord.com/developers/docs/components/reference#button */
const STOP = [{ type: 1, components: [{ type: 2, style: 2, label: "Stop", custom_id: "/stop" }] }];

/** A request, and what its outcome means. */
interface Plan {
  call: Call;
  /** Done twice it is done once: an edit, or a new message whose nonce Discord knows. */
  repeatable: "edit" | "nonce" | "no";
  ticket?: Ticket;
  /** What people are to read in the end. Where Discord cannot be reached at all, this waits until it can. */
  isSaid?: boolean;
  /** Changes a message that was there. */
  isEdit?: boolean;
}

/** Makes one call to Discord. Never throws; the reason never holds a token. */
export async function send(send: Send, env: ChannelEnv): Promise<Sent> {
  if (!env.vars.DISCORD_BOT_TOKEN) return { outcome: "failed", reason: "DISCORD_BOT_TOKEN is not set." };
  switch (send.type) {
    case "message":
      return say(send, env);
    case "edit":
      return carryOut(editOf(send, env), env, send.messageId);
    case "typing":
      return carryOut(typingIn(send), env);
    case "seen":
      return carryOut(eyesUnder(send), env);
    case "dismiss":
      return dismiss(send, env);
    case "draft":
    case "activity":
      return { outcome: "sent", messageId: "" };
  }
}

type Saying = Extract<Send, { type: "message" }>;
type Editing = Extract<Send, { type: "edit" }>;
type Dismissal = Extract<Send, { type: "dismiss" }>;

/** An answer to an interaction goes out with its token while that is good, everything else as a message of its own. */
async function say(send: Saying, env: ChannelEnv): Promise<Sent> {
  const first = ticketIn(send.replyTo);
  const later = ticketIn(send.after);
  const ticket = first ?? later;
  const live = ticket !== undefined && isLive(ticket, env.now());
  if (ticket?.private && !live)
    return { outcome: "failed", reason: "It is too late for an answer in private." };
  if (later?.private && live) return carryOut(followUp(send, later, env), env);
  if (first && live) {
    const sent = await carryOut(original(send, first, env), env);
    if (sent !== "no such ticket") return sent;
    if (first.private)
      return { outcome: "failed", reason: "Discord does not wait for this answer any more." };
  }
  return carryOut(fresh(send), env);
}

function original(send: Saying, ticket: Ticket, { vars }: ChannelEnv): Plan & { ticket: Ticket } {
  const path = `${webhookOf(ticket, vars)}/messages/@original`;
  const { files } = send;
  return {
    call: { method: "PATCH", path, body: contentOf(send), files, auth: false },
    repeatable: "edit",
    ticket,
    isSaid: true,
  };
}

function followUp(send: Saying, ticket: Ticket, { vars }: ChannelEnv): Plan {
  const body = { ...contentOf(send), flags: SUPPRESS_EMBEDS | EPHEMERAL };
  return {
    call: { method: "POST", path: webhookOf(ticket, vars), body, files: send.files, auth: false },
    repeatable: "no",
    ticket,
    isSaid: true,
  };
}

function fresh(send: Saying): Plan {
  // The question may be gone: the answer then stands by itself.
  const answered = /^\d+$/.test(send.replyTo ?? "")
    ? { message_reference: { message_id: send.replyTo, fail_if_not_exists: false } }
    : {};
  const nonce = { nonce: nonceOf(send.key), enforce_nonce: true };
  const body = { ...contentOf(send), ...answered, ...nonce };
  const path = `${channelOf(send)}/messages`;
  return { call: { method: "POST", path, body, files: send.files }, repeatable: "nonce", isSaid: true };
}

/** What was said with a ticket is changed with it as long as it is good; later the bot may do so as the author. */
function editOf(send: Editing, env: ChannelEnv): Plan {
  const body = contentOf(send);
  const ticket = ticketIn(send.messageId);
  const message = `messages/${ticket?.messageId ?? send.messageId}`;
  const plan = { repeatable: "edit", isEdit: true, isSaid: !send.unfinished } as const;
  if (!ticket || !isLive(ticket, env.now()))
    return { call: { method: "PATCH", path: `${channelOf(send)}/${message}`, body }, ...plan };
  const path = `${webhookOf(ticket, env.vars)}/${message}`;
  return { call: { method: "PATCH", path, body, auth: false }, ...plan };
}

function typingIn(send: Send): Plan {
  return { call: { method: "POST", path: `${channelOf(send)}/typing` }, repeatable: "edit" };
}

/** https://discord.com/developers/docs/resources/message#create-reaction */
function eyesUnder(send: Extract<Send, { type: "seen" }>): Plan {
  const path = `${channelOf(send)}/messages/${send.messageId}/reactions/${encodeURIComponent("👀")}/@me`;
  return { call: { method: send.over ? "DELETE" : "PUT", path }, repeatable: "edit" };
}

async function dismiss({ answerTo, text }: Dismissal, env: ChannelEnv): Promise<Sent> {
  const pressed = pressedTicket(answerTo);
  if (pressed) return text ? whisper(text, pressed, env) : { outcome: "sent", messageId: "" };
  const ticket = ticketIn(answerTo);
  if (!ticket || !isLive(ticket, env.now())) return { outcome: "sent", messageId: "" };
  const path = `${webhookOf(ticket, env.vars)}/messages/@original`;
  return carryOut({ call: { method: "DELETE", path, auth: false }, repeatable: "edit" }, env);
}

/** A few words that only the person sees who pressed a button. */
async function whisper(content: string, ticket: Ticket, env: ChannelEnv): Promise<Sent> {
  if (!isLive(ticket, env.now())) return { outcome: "sent", messageId: "" };
  const body = { content, flags: SUPPRESS_EMBEDS | EPHEMERAL, allowed_mentions: { parse: [] } };
  const call: Call = { method: "POST", path: webhookOf(ticket, env.vars), body, auth: false };
  const sent = await carryOut({ call, repeatable: "edit", ticket }, env);
  return sent === "no such ticket" ? { outcome: "failed", reason: "Discord does not wait any more." } : sent;
}

/** Nobody is called by what a model writes, and Discord fetches no link that it writes. */
function contentOf(send: Saying | Editing) {
  const { part, asPlain, unfinished } = send;
  const files = "files" in send ? send.files : undefined;
  const choices = send.type === "message" ? send.choices : undefined;
  return {
    content: asPlain ? part.plain : part.body,
    flags: SUPPRESS_EMBEDS,
    allowed_mentions: { parse: [] },
    components: unfinished ? STOP : buttons(choices),
    ...(files ? { attachments: files.map(({ name }, id) => ({ id, filename: name })) } : {}),
  };
}

/** A thread is a channel to Discord. */
function channelOf({ to }: Send): string {
  return `/channels/${to.thread ?? to.chatId}`;
}

function webhookOf({ token }: Ticket, vars: ChannelEnv["vars"]): string {
  return `/webhooks/${vars.DISCORD_APPLICATION_ID}/${token}`;
}

function carryOut(plan: Plan & { ticket: Ticket }, env: ChannelEnv): Promise<Sent | "no such ticket">;
function carryOut(plan: Plan, env: ChannelEnv, messageId?: string): Promise<Sent>;
async function carryOut(plan: Plan, env: ChannelEnv, messageId?: string): Promise<Sent | "no such ticket"> {
  const reply = await call(plan.call, env);
  if (reply.status >= 200 && reply.status < 300) return arrived(plan, reply, messageId);
  if (plan.isSaid && "trouble" in reply && reply.trouble === "lost" && !(await isThere(env)))
    return { outcome: "retry", unreached: true, afterMs: PAUSE_MS, reason: "Discord could not be reached." };
  return refused(plan, reply, env);
}

/** Whether anything answers. https://discord.com/developers/docs/events/gateway#get-gateway */
async function isThere(env: ChannelEnv): Promise<boolean> {
  return !("trouble" in (await call({ method: "GET", path: "/gateway", auth: false }, env)));
}

function arrived({ ticket, repeatable }: Plan, reply: Reply, messageId?: string): Sent {
  const { id } = (("json" in reply ? reply.json : undefined) ?? {}) as { id?: unknown };
  if (messageId !== undefined) return { outcome: "sent", messageId };
  if (typeof id === "string") return { outcome: "sent", messageId: ticket ? idWith(ticket, id) : id };
  if (reply.status === 204) return { outcome: "sent", messageId: "" };
  return unanswered({ repeatable }, "silent");
}

/** https://discord.com/developers/docs/topics/opcodes-and-status-codes */
function refused(plan: Plan, reply: Reply, env: ChannelEnv): Sent | "no such ticket" {
  if ("trouble" in reply) return unanswered(plan, reply.trouble);
  const { code, said } = refusalOf(reply);
  const reason = `Discord refused: ${said}`;
  if (reply.status === 429)
    return {
      outcome: "retry",
      afterMs: reply.retryAfterMs ?? PAUSE_MS,
      reason: "Discord's rate limit is reached.",
    };
  if (CERTAIN.includes(reply.status)) return { outcome: "retry", afterMs: PAUSE_MS, reason };
  if (reply.status >= 500) return unanswered(plan, "silent");
  if (plan.ticket && plan.repeatable === "edit" && reply.status === 404 && UNKNOWN_TICKET.includes(code))
    return isYoung(plan.ticket, env.now()) ? { outcome: "retry", afterMs: 500, reason } : "no such ticket";
  const hint = reply.status === 401 && plan.call.auth !== false ? " Check DISCORD_BOT_TOKEN." : "";
  const gone = plan.isEdit && code === UNKNOWN_MESSAGE ? { gone: true as const } : {};
  return { outcome: "failed", reason: `${reason}.${hint}`, ...gone };
}

/** Discord may have had the request, and nothing certain came back. */
function unanswered({ repeatable }: Pick<Plan, "repeatable">, trouble: "lost" | "silent"): Sent {
  const reason = trouble === "lost" ? "The connection to Discord was lost." : "Discord did not answer.";
  if (repeatable === "edit") return { outcome: "retry", afterMs: PAUSE_MS, reason };
  const covered = repeatable === "nonce" ? {} : { keyless: true as const };
  return { outcome: "unknown", reason, ...covered, ...(trouble === "lost" ? { mayRepeat: true } : {}) };
}
