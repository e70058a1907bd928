import { eq } from "drizzle-orm";
import type { LoopEnd } from "../../agent/events.ts";
import { unmarked } from "../../agent/marks.ts";
import { isSilent, visible } from "../../agent/say.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import { steps } from "../schema.ts";
import { sayBeside } from "../turns/say-beside.ts";
import type { SideInput } from "../turns/side-turn.ts";
import { failureOf } from "../turns/turn-end.ts";
import type { TurnRow } from "../turns/turns.ts";
import { stepOf } from "./approvals.ts";

/** Characters of a result that people read where the model could not tell them. */
const SHOWN = 1000;

/** What the model reads before the stored call and its result. */
export function approvalInput(parts: Parts, turn: TurnRow): SideInput {
  const session = parts.transcript.get(turn.session);
  const row = parts.approvals.of(turn);
  const summary = session.summary ?? undefined;
  const head = `Approval #${row?.number} was given by ${row?.decidedBy?.name}: the call that waited for it runs now, once. Go on from its result with what was asked for then; your answer is sent to the chat. Nobody is writing to you now.`;
  return {
    asked: `(${unmarked(head)})`,
    transcript: parts.transcript.ofSession(session),
    ...(summary ? { summary } : {}),
  };
}

/** Writes how the turn of an approved call ended: its row, what is said and the turn in one transaction. */
export function endApprovalTurn(room: Room, parts: Parts, turn: TurnRow, end: LoopEnd): void {
  if (end.type === "stopped" && room.registered && room.paused)
    return parts.turns.release(turn, "the chat is paused");
  room.transaction(() => {
    const row = parts.approvals.of(turn);
    const call = room.db
      .select()
      .from(steps)
      .where(eq(steps.id, stepOf(turn)))
      .get();
    const result = call?.state === "done" ? (call.output ?? "") : undefined;
    if (row) parts.approvals.ended(row.id, call?.startedAt ? "done" : "refused", result ?? "It was not run.");
    if (!room.registered) return parts.turns.end(turn, "stopped", "cancelled", "the chat was removed");
    if (end.type === "answer") return answered(room, parts, turn, end.text);
    const about = `Approval #${row?.number} (\`${row?.tool}\`)`;
    if (end.type === "stopped") {
      sayBeside(room, parts, turn, `${about}: stopped. ${outcome(result)}`);
      return parts.turns.end(turn, "stopped", "cancelled");
    }
    const { error } = failureOf(room, parts, turn, end);
    sayBeside(room, parts, turn, `${about}: I could not go on after it (${error}). ${outcome(result)}`);
    parts.turns.end(turn, "failed", "failed", error);
    room.report("the turn of an approved call failed", error);
  });
}

function answered(room: Room, parts: Parts, turn: TurnRow, raw: string): void {
  const text = isSilent(raw) ? "" : visible(raw).trim();
  sayBeside(room, parts, turn, text);
  parts.turns.end(turn, text ? "answered" : "silent", text ? "answered" : "silent");
}

function outcome(result: string | undefined): string {
  if (result === undefined) return "The call was not run.";
  return `What the call answered:\n\n${result.slice(0, SHOWN).toWellFormed()}`;
}
