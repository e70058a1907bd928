import type { LoopEnd } from "../../agent/events.ts";
import { unmarked } from "../../agent/marks.ts";
import { isSilent, visible } from "../../agent/say.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import { sayBeside } from "../turns/say-beside.ts";
import type { SideInput } from "../turns/side-turn.ts";
import { failureOf } from "../turns/turn-end.ts";
import type { TurnRow } from "../turns/turns.ts";
import { type SubAgentRow, stoppedText } from "./sub-agents.ts";

const HEAD =
  "You are a sub-agent: nobody is writing to you, and you see nothing of the chat but this. Do the work; your answer is sent to the chat as your report.";

/** A sub-agent sees its work alone. */
export function subAgentInput(parts: Parts, turn: TurnRow): SideInput {
  const task = parts.subAgents.of(turn)?.task ?? "";
  return { asked: `(${HEAD})\n<task>\n${unmarked(task)}\n</task>`, transcript: [] };
}

/** Writes how a sub-agent ended: its row, its report and its turn in one transaction. */
export function endSubAgent(room: Room, parts: Parts, turn: TurnRow, end: LoopEnd): void {
  const row = parts.subAgents.of(turn);
  if (row?.state !== "working") return parts.turns.abandon(turn.id, "it is over");
  if (end.type === "stopped" && room.registered && room.paused)
    return parts.turns.release(turn, "the chat is paused");
  room.transaction(() => {
    if (end.type === "answer") return reported(room, parts, turn, row, end.text);
    if (end.type === "stopped") return stopped(room, parts, turn, row);
    const { error } = failureOf(room, parts, turn, end);
    sayBeside(room, parts, turn, `Sub-agent #${row.number} (${row.label}) failed: ${error}.`);
    parts.subAgents.ended(row.id, "failed", error);
    parts.turns.end(turn, "failed", "failed", error);
    room.report("a sub-agent failed", error);
  });
}

function reported(room: Room, parts: Parts, turn: TurnRow, row: SubAgentRow, raw: string): void {
  const report = isSilent(raw) ? "" : visible(raw).trim();
  sayBeside(room, parts, turn, `**Sub-agent #${row.number} (${row.label})**\n\n${report || "Done."}`);
  parts.subAgents.ended(row.id, "done");
  parts.turns.end(turn, "answered", "answered");
}

function stopped(room: Room, parts: Parts, turn: TurnRow, row: SubAgentRow): void {
  if (room.registered) sayBeside(room, parts, turn, stoppedText(row));
  parts.subAgents.ended(row.id, "stopped");
  parts.turns.end(turn, "stopped", "cancelled");
}
