import { eq } from "drizzle-orm";
import type { LoopEnd } from "../../agent/events.ts";
import { failureText } from "../../agent/failure-text.ts";
import type { Refusal } from "../../agent/journal.ts";
import { modelPlace } from "../../agent/models/access.ts";
import { chooseModels } from "../../agent/models/choose.ts";
import { isSilent, visible } from "../../agent/say.ts";
import type { Fate } from "../messages/inbox.ts";
import { saidAlready } from "../outbox/outbox-queries.ts";
import { spoken } from "../outbox/spoken.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import { outbox } from "../schema.ts";
import { streamed } from "./streaming.ts";
import type { TurnRow } from "./turns.ts";

interface Ending {
  /** What the chat reads; nothing where it is empty. */
  text: string;
  state: Exclude<TurnRow["state"], "open">;
  fate: Fate;
  error?: string;
  /** Said once under this key; without one it belongs to the turn. */
  key?: string;
}

/** Writes transcript, outbox, inbox and turn in one transaction: the turn has ended, or it has not. */
export function endTurn(room: Room, parts: Parts, turn: TurnRow, end: LoopEnd): void {
  if (!room.registered) return endUnheard(room, parts, turn);
  const ending = endingOf(room, parts, turn, end);
  room.transaction(() => {
    parts.turns.end(turn, ending.state, ending.fate, ending.error);
    const done = ending.state === "answered" ? [] : parts.turns.done(turn.id);
    if (done.length > 0)
      note(room, parts, turn, `(This turn did not end well. What was done in it: ${done.join("; ")})`);
    if (!closeStream(room, turn, ending.text, parts)) speak(room, parts, turn, ending.text, ending.key);
    warnOfBudget(room, parts, turn);
  });
  dismissRest(room, parts, turn);
  room.trace("a turn ended", { turn: turn.id, trace: turn.trace, state: ending.state });
  if (ending.error) room.report("a turn failed", ending.error);
}

/** Where nothing is said to an event that its platform shows as waiting, it need not wait any longer. */
function dismissRest(room: Room, parts: Parts, turn: TurnRow): void {
  const waiting = parts.inbox.waitingFor(turn.id);
  if (waiting.length === 0) return;
  const said = room.db.select({ to: outbox.replyTo }).from(outbox).where(eq(outbox.turn, turn.id)).all();
  const to = { chatId: room.chatId };
  for (const answerTo of waiting)
    if (!said.some((row) => row.to === answerTo))
      void room.channel?.send({ type: "dismiss", to, answerTo }, room.channelEnv);
}

/** In a chat that was removed a turn ends without a word; what was streamed into it stays as it is. */
function endUnheard(room: Room, parts: Parts, turn: TurnRow): void {
  room.transaction(() => {
    parts.turns.end(turn, "stopped", "cancelled", "the chat was removed");
    for (const { id } of streamed(room, turn.id))
      room.db.update(outbox).set({ state: "sent" }).where(eq(outbox.id, id)).run();
  });
  dismissRest(room, parts, turn);
}

/** Why a turn beside the chat failed, and whether trying again could help. */
export function failureOf(
  room: Room,
  parts: Parts,
  turn: TurnRow,
  end: Exclude<LoopEnd, { type: "answer" | "stopped" }>,
): { error: string; final: boolean } {
  const final = end.type === "rounds" || end.type === "exhausted" || end.type === "context-length";
  return { error: endingOf(room, parts, turn, end).error ?? "it failed", final };
}

function endingOf(room: Room, parts: Parts, turn: TurnRow, end: LoopEnd): Ending {
  switch (end.type) {
    case "answer":
      return answered(room, turn, end.text, end.cut);
    case "stopped":
      return { text: "Stopped.", state: "stopped", fate: "cancelled" };
    case "rounds":
      return limit(
        parts,
        turn,
        `I stopped after ${room.config.MAX_TURNS} steps without coming to an end.`,
        "MAX_TURNS reached",
      );
    case "deadline":
      return limit(
        parts,
        turn,
        `I stopped because my time for one answer was up (${room.turnTimeoutMs / 1000} s).`,
        "TURN_TIMEOUT reached",
      );
    case "budget":
      return overBudget(room, parts, end.refusal);
    case "exhausted":
      return limit(
        parts,
        turn,
        `I was interrupted ${end.attempts} times while I worked on this, so I gave it up.`,
        `given up after ${end.attempts} attempts`,
      );
    case "context-length":
      return {
        text: "This conversation is too long for the model, also after I summarised it. Say /new to start afresh.",
        state: "failed",
        fate: "failed",
        error: "context too long",
      };
    case "failed":
      return {
        text: failureText(end.failure, baseOf(room)),
        state: "failed",
        fate: "failed",
        error: `${end.failure.kind}: ${end.failure.message}`,
      };
  }
}

function answered(room: Room, turn: TurnRow, raw: string, cut: boolean): Ending {
  const text = isSilent(raw) ? "" : visible(raw).trim();
  if (text)
    return {
      text: cut ? `${text}\n\n_(The answer was cut at its length limit.)_` : text,
      state: "answered",
      fate: "answered",
    };
  const said = room.db.select({ id: outbox.id }).from(outbox).where(eq(outbox.turn, turn.id)).get();
  if (said) return { text: "", state: "answered", fate: "answered" };
  // In a direct chat a person always gets an answer; in a group silence is one.
  if (room.direct && turn.kind === "chat")
    return {
      text: "I have no answer to that. Could you put it in other words?",
      state: "answered",
      fate: "answered",
    };
  return { text: "", state: "silent", fate: "silent" };
}

function limit(parts: Parts, turn: TurnRow, why: string, error: string): Ending {
  const tools = parts.turns.done(turn.id);
  const did =
    tools.length > 0
      ? ` What I did so far:\n${tools
          .slice(-10)
          .map((tool) => `- \`${tool.replaceAll("`", "'")}\``)
          .join("\n")}`
      : "";
  return { text: `${why}${did}\nSay "go on" and I continue.`, state: "failed", fate: "failed", error };
}

/** The text replaces what was streamed. False where nothing was streamed into a message that we know. */
function closeStream(room: Room, turn: TurnRow, text: string, parts: Parts): boolean {
  let closed = false;
  for (const row of streamed(room, turn.id)) {
    const known: boolean = !closed && row.sentIds[0] !== undefined;
    const shown = text || "…";
    const change = known
      ? {
          state: "queued" as const,
          text: shown,
          part: 0,
          parts: spoken(room, shown),
          attempts: 0,
          nextAt: room.now(),
        }
      : { state: "unknown" as const, reason: "a first piece of this answer may have been sent" };
    room.db.update(outbox).set(change).where(eq(outbox.id, row.id)).run();
    closed ||= known;
  }
  if (closed && text)
    parts.transcript.addOurs({
      id: room.newId(),
      text,
      thread: turn.thread,
      session: turn.session,
      turn: turn.id,
      trust: turn.trust,
    });
  return closed;
}

function speak(room: Room, parts: Parts, turn: TurnRow, text: string, key = `turn:${turn.id}`): void {
  if (!text || saidAlready(room, turn.id, text)) return;
  const id = room.newId();
  const { thread, session, trust, trace } = turn;
  const answers = parts.inbox.answers(turn.id);
  const replyTo = answers ? { replyTo: answers } : {};
  const saying = { key, text, thread, turn: turn.id, trust, trace, ...replyTo };
  if (!parts.outbox.say(saying, id)) return;
  parts.transcript.addOurs({ id, text, thread, session, turn: turn.id, trust });
}

function note(room: Room, parts: Parts, turn: TurnRow, text: string): void {
  parts.transcript.addOurs({
    id: room.newId(),
    role: "note",
    text,
    thread: turn.thread,
    session: turn.session,
    turn: turn.id,
  });
}

/** Once a day main hears that most of a chat's budget is gone. */
function warnOfBudget(room: Room, parts: Parts, turn: TurnRow): void {
  if (!parts.ledger.passed(80)) return;
  const key = `budget:${parts.ledger.day()}`;
  const text = "80 % of this chat's budget for today is used. See /usage.";
  if (room.main) parts.say(key, text, turn.thread);
  else parts.tellMain(key, text);
}

/** A day's budget is told once a day in a chat, and again when it was raised. Who sits at a console is told each time. */
function overBudget(room: Room, parts: Parts, { scope, kind, reason }: Refusal): Ending {
  const name = `BUDGET_${scope.toUpperCase()}_${kind.toUpperCase()}` as keyof Room["config"];
  const what = { turn: "one answer", group: "this chat today", install: "all chats today" }[scope];
  const limit = scope === "group" ? room.budget[kind] : room.config[name];
  const once = { key: `over:${name}:${limit}:${parts.ledger.day()}` };
  const own = scope === "group" ? `, or ${kind === "usd" ? "budgetUsd" : "budgetTokens"} of this chat` : "";
  const usedUp = `The budget for ${what} is used up, so I made no further model call.`;
  return {
    text: `${reason ?? usedUp} The owner may raise ${name}${own}.`,
    state: "failed",
    fate: "failed",
    error: `${scope} budget used up (${kind})`,
    ...(scope === "turn" || room.isConsole ? {} : once),
  };
}

function baseOf({ config, settings }: Room) {
  return modelPlace(config.vars, chooseModels(config.vars, settings?.model));
}
