import type { Answer } from "../../agent/journal.ts";
import { agentTools } from "../../agent/tools/for-agents.ts";
import { tools } from "../../agent/tools/index.ts";
import type { Room } from "../room.ts";
import { steps } from "../schema.ts";
import type { Turns } from "../turns/turns.ts";
import { stepOf } from "./approvals.ts";
import type { ApprovalRow } from "./book.ts";

/**
 * Opens the turn that runs an approved call: its journal begins with the stored call as if the model had just made it.
 * So the call runs as every call does, an unsafe one at most once, and the model reads its result. Answers the turn's
 * id. Call it inside the transaction of the decision.
 */
export function planCall(room: Room, turns: Turns, row: ApprovalRow): string {
  const { thread, trust, tool: name, input } = row;
  const turn = turns.openSide({ kind: "approval", run: row.id, thread, trust });
  const callId = `approved-${row.number}`;
  const said: Answer = { content: "", toolCalls: [{ id: callId, name, arguments: input }], cut: false };
  const blank = { turn, phase: "main" as const, round: 0, startedAt: null, doneAt: null };
  const asked = { ...blank, id: `${turn}.main.0`, seq: 0, kind: "model" as const, name: "model" };
  const call = { ...blank, id: stepOf({ id: turn }), seq: 1, kind: "tool" as const, name, callId, input };
  // What no tool of this version is called is answered, not run.
  const risk = [...tools, ...agentTools].find((tool) => tool.name === name)?.risk ?? "unsafe";
  const done = { state: "done" as const, output: JSON.stringify(said), doneAt: room.now() };
  room.db
    .insert(steps)
    .values([
      { ...asked, ...done },
      { ...call, risk, state: "planned" as const },
    ])
    .run();
  return turn;
}
