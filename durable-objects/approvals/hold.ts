import { FROM_OUTSIDE, needsApproval } from "../../agent/approval.ts";
import { type Action, authorizeAll } from "../../agent/authorize.ts";
import type { Step } from "../../agent/journal.ts";
import type { Tool } from "../../agent/tools/tool.ts";
import { actorsOf, rootOf } from "../messages/actors.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { TurnJournal } from "../turns/turn-journal.ts";
import type { TurnRow } from "../turns/turns.ts";
import { isWritten } from "../turns/web.ts";
import { named } from "./words.ts";

/** A call that its turn may make, as far as the tool's own right goes. */
interface Held {
  turn: TurnRow;
  tool: Tool;
  args: unknown;
  step: Step;
}

const TO_OTHERS: Action = { kind: "send", scope: "other" };

/**
 * Right before a call runs: asks people about it where the chat's settings or its turn's label say so, and answers what
 * its model reads then. A call that was approved is looked at once more. The question, its row and the step's end are
 * one transaction.
 */
export function hold(room: Room, parts: Parts, journal: TurnJournal, held: Held): string | undefined {
  const { turn, step } = held;
  const granted = parts.approvals.granted(turn, step);
  const actors = actorsOf(room, parts.inbox, turn);
  if (granted) {
    const why = parts.approvals.whyNot(granted, step);
    if (why) parts.audit.refused(actors, named(granted), why);
    else parts.audit.record(granted.decidedBy!.ids[0]!, `ran ${named(granted)}`, step.input ?? "");
    return why;
  }
  const why = whyAsk(room, parts, held);
  if (!why) return undefined;
  const said = room.transaction(() => {
    const answer = parts.approvals.ask(turn, step, why, actors, forWhom(room, parts, turn));
    journal.finishTool(step.id, answer);
    return answer;
  });
  parts.pump();
  return said;
}

function whyAsk(room: Room, parts: Parts, { turn, tool, args }: Held): string | undefined {
  const why = needsApproval({ tool, args, trust: turn.trust }, room.settings?.approval ?? []);
  const { to, url } = args as { to?: unknown; url?: unknown };
  // Nobody is asked about what a yes could not allow either: the tool says why.
  const isToOthers = tool.name === "send_message" && to !== undefined;
  if (isToOthers && !authorizeAll(actorsOf(room, parts.inbox, turn), TO_OTHERS).ok) return undefined;
  // An address that people wrote, or that a page showed, carries nothing out.
  const isKnown = why === FROM_OUTSIDE && tool.name === "web_fetch" && isWritten(room, turn, String(url));
  return isKnown ? undefined : why;
}

function forWhom(room: Room, parts: Parts, turn: TurnRow): string {
  const root = rootOf(room, turn);
  const names = parts.inbox.speakers(root.id).map(({ name }) => name);
  if (names.length > 0) return names.join(", ");
  if (root.kind === "agent") return "another agent";
  return root.kind === "heartbeat" ? "the heartbeat" : "a task";
}
