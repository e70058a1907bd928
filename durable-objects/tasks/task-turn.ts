import type { LoopEnd } from "../../agent/events.ts";
import { unmarked } from "../../agent/marks.ts";
import { isSilent, visible } from "../../agent/say.ts";
import { withoutToken } from "../../schedule/heartbeat.ts";
import { describe } from "../../schedule/schedule.ts";
import { saidAlready } from "../outbox/outbox-queries.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { SideInput } from "../turns/side-turn.ts";
import { failureOf } from "../turns/turn-end.ts";
import type { TurnRow } from "../turns/turns.ts";
import type { RunRow, TaskRow } from "./runs.ts";
import { lateness, moment, named } from "./words.ts";

/** Messages that a heartbeat sees. */
const SEEN_BY_HEARTBEAT = 10;

/** The input of a task's or a heartbeat's turn. */
export function taskInput(room: Room, parts: Parts, turn: TurnRow): SideInput {
  const session = parts.transcript.get(turn.session);
  if (turn.kind === "heartbeat")
    return {
      asked: heartbeatText(parts),
      transcript: parts.transcript.ofSession(session).slice(-SEEN_BY_HEARTBEAT),
    };
  const run = parts.runs.get(turn.run!)!;
  const task = parts.runs.task(run.task)!;
  const asked = taskText(room, task, run);
  if (task.context === "isolated") return { asked, transcript: [] };
  const summary = session.summary ?? undefined;
  return { asked, transcript: parts.transcript.ofSession(session), ...(summary ? { summary } : {}) };
}

/** Writes how a task's or a heartbeat's turn ended: turn, run, transcript and outbox in one transaction. */
export function endTaskTurn(room: Room, parts: Parts, turn: TurnRow, end: LoopEnd): void {
  const run = parts.runs.get(turn.run!);
  if (!run || run.endedAt !== null) return parts.turns.abandon(turn.id, "its run is over");
  // It goes on, with its journal, once the chat does.
  if (end.type === "stopped" && room.registered && room.paused)
    return parts.turns.release(turn, "the chat is paused");
  room.transaction(() => {
    if (end.type === "answer") answered(room, parts, turn, run, end.text);
    else if (end.type === "stopped") stopped(parts, turn, run);
    else failed(room, parts, turn, run, failureOf(room, parts, turn, end));
  });
  parts.runs.settleDelivered();
}

function answered(room: Room, parts: Parts, turn: TurnRow, run: RunRow, raw: string): void {
  const { text, told } = spoken(parts, turn, raw);
  parts.turns.end(turn, told ? "answered" : "silent", told ? "answered" : "silent");
  const task = parts.runs.task(run.task);
  const say = told && (task?.deliver ?? true);
  if (say) sayIt(room, parts, turn, run, task, text);
  parts.runs.delivering(run, text || "(nothing to say)", turn.trust);
}

/** What of an answer is said. A heartbeat's alert is told once a day. */
function spoken(parts: Parts, turn: TurnRow, raw: string): { text: string; told: boolean } {
  const shown = isSilent(raw) ? "" : visible(raw).trim();
  if (turn.kind !== "heartbeat") return { text: shown, told: shown !== "" };
  const { text, ok } = withoutToken(shown);
  const told = !ok && text.trim() !== "" && !parts.heartbeat.repeats(text, turn.id);
  return { text: text.trim(), told };
}

function sayIt(
  room: Room,
  parts: Parts,
  turn: TurnRow,
  run: RunRow,
  task: TaskRow | undefined,
  text: string,
): void {
  if (saidAlready(room, turn.id, text)) return;
  const late = task ? lateness(run, room.timezone) : "";
  const whole = late ? `${text}\n\n_(${late})_` : text;
  const { thread, session, trust, trace } = turn;
  const saying = { key: `turn:${turn.id}`, text: whole, turn: turn.id, trust };
  if (task) return parts.runs.say(task, saying);
  const id = parts.outbox.say({ ...saying, thread, trace, fanOut: true });
  if (id) parts.transcript.addOurs({ id, text: whole, thread, session, turn: turn.id, trust });
}

function stopped(parts: Parts, turn: TurnRow, run: RunRow): void {
  parts.turns.end(turn, "stopped", "cancelled");
  parts.runs.end(run, { state: "cancelled", error: "stopped by hand" });
}

/** A heartbeat that failed is not tried again: the next beat comes. */
function failed(
  room: Room,
  parts: Parts,
  turn: TurnRow,
  run: RunRow,
  { error, final }: { error: string; final: boolean },
): void {
  room.report(turn.kind === "heartbeat" ? "the heartbeat failed" : "a task's run failed", error);
  if (!final && turn.kind === "task" && parts.runs.failed(run, error) === "again") return;
  parts.turns.end(turn, "failed", "failed", error);
  const still = parts.runs.get(run.id);
  if (still && still.endedAt === null) parts.runs.end(still, { state: "failed", error });
}

function taskText(room: Room, task: TaskRow, run: RunRow): string {
  const { timezone } = room;
  const late = lateness(run, timezone);
  const head = [
    `${named(task)} is due (${describe(task.schedule, timezone)}${late ? `; ${late}` : ""}), made by ${task.byName} on ${moment(task.createdAt, timezone)}.`,
    `Nobody is writing to you now. Do what the task says; ${task.deliver ? "your answer is sent to the chat, NO_REPLY sends nothing" : "your answer is kept as its result and not sent"}.`,
  ].join(" ");
  return `(${unmarked(head)})\n<task>\n${unmarked(task.text)}\n</task>`;
}

function heartbeatText(parts: Parts): string {
  const head =
    "Heartbeat: nobody is writing to you now. Look after what HEARTBEAT.md asks for. Answer only HEARTBEAT_OK when nobody needs to hear of it; else write what the chat is to be told.";
  return `(${head})\n<task>\n${unmarked(parts.heartbeat.text)}\n</task>`;
}
