import type { LoopEnd } from "../../agent/events.ts";
import { approvalInput, endApprovalTurn } from "../approvals/approval-turn.ts";
import type { MessageRow } from "../messages/transcript.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import { endSubAgent, subAgentInput } from "../sub-agents/sub-agent-turn.ts";
import { endTaskTurn, taskInput } from "../tasks/task-turn.ts";
import type { TurnRow } from "./turns.ts";

/** What a turn beside the chat is asked, and what it sees of the chat. */
export interface SideInput {
  /** Stands where people's messages stand in a chat turn. */
  asked: string;
  transcript: MessageRow[];
  summary?: string;
}

/** The input of a turn beside the chat. */
export function sideInput(room: Room, parts: Parts, turn: TurnRow): SideInput {
  switch (turn.kind) {
    case "approval":
      return approvalInput(parts, turn);
    case "sub-agent":
      return subAgentInput(parts, turn);
    default:
      return taskInput(room, parts, turn);
  }
}

/** Writes how a turn beside the chat ended. */
export function endSideTurn(room: Room, parts: Parts, turn: TurnRow, end: LoopEnd): void {
  switch (turn.kind) {
    case "approval":
      return endApprovalTurn(room, parts, turn, end);
    case "sub-agent":
      return endSubAgent(room, parts, turn, end);
    default:
      return endTaskTurn(room, parts, turn, end);
  }
}
