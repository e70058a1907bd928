import { SAVE_FIRST, splitForCompaction, summaryRequest } from "../../agent/compact.ts";
import type { LoopEnd } from "../../agent/events.ts";
import { type LoopPorts, runLoop } from "../../agent/loop.ts";
import type { ChatMessage } from "../../agent/model.ts";
import { unseenNotice } from "../../agent/prompt.ts";
import { alternating } from "../../agent/transcript.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { Grant } from "../usage.ts";
import type { Brain } from "./brain.ts";
import { type Phase, TurnJournal } from "./turn-journal.ts";
import { options, rulesOf } from "./turn-prompt.ts";
import type { TurnRow } from "./turns.ts";

/** Model calls that the agent may use to save what should last. */
const SAVE_ROUNDS = 4;

const MADE_ROOM =
  "Our conversation became long, so I saved what should last and summarised the earlier part. All of it can still be searched.";

/**
 * Makes room in a conversation: first the agent is asked to save what should last, then the old part becomes a
 * summary. Both are journalled in phases of their own, so a crash repeats neither; a phase names the messages that it is
 * about, so a later compaction of the same turn takes over none of its answers. The full history stays searchable.
 */
export async function compact(
  room: Room,
  parts: Parts,
  turn: TurnRow,
  brain: Brain,
  grant: Grant,
  ports: LoopPorts,
  why: "asked" | "full",
): Promise<LoopEnd> {
  const session = parts.transcript.get(turn.session);
  const rows = parts.transcript.ofSession(session);
  const unseen = unseenNotice(parts.transcript.unseen(session, rows));
  const keep = why === "asked" ? 0 : undefined;
  const { old, upTo } = splitForCompaction(rows, keep, options(room, parts));
  if (!upTo) return { type: "answer", text: "There is nothing to summarise yet.", cut: false };
  const phase = (name: Phase, messages: ChatMessage[], maxRounds: number): LoopPorts => ({
    ...quiet(ports),
    journal: new TurnJournal(room, parts.ledger, turn.id, name, brain.choice, grant),
    limits: { ...ports.limits, maxRounds },
    conversation: async () => messages,
    ...(name.startsWith("summary") ? { tools: [], specs: [] } : {}),
  });
  const rules = await rulesOf(room, parts);
  await runLoop(
    phase(
      `save:${session.summarisedTo ?? ""}`,
      [rules, ...alternating([...old, { role: "user", content: SAVE_FIRST }])],
      SAVE_ROUNDS,
    ),
  );
  const end = await runLoop(phase(`summary:${upTo}`, summaryRequest(session.summary ?? undefined, old), 1));
  if (end.type !== "answer") return end;
  room.transaction(() => {
    parts.transcript.summarise(session.id, [end.text.trim(), unseen].filter(Boolean).join("\n"), upTo);
    if (why === "full") parts.say(`compacted:${upTo}`, MADE_ROOM, turn.thread);
  });
  return {
    type: "answer",
    text: "I saved what should last and summarised our conversation so far.",
    cut: false,
  };
}

/** The turn's ports without joining and streaming: nobody talks with a compaction. */
function quiet(ports: LoopPorts): Omit<LoopPorts, "journal" | "conversation" | "limits"> {
  return {
    model: ports.model,
    tools: ports.tools,
    specs: ports.specs,
    boundary: () => {},
    // Round 0 is the one that a new message may join.
    signal: (round) => ports.signal(round + 1),
    interrupted: () => ports.interrupted(),
    refuse: (tool) => ports.refuse(tool),
    hold: (tool, args, step) => ports.hold(tool, args, step),
    context: (step) => ports.context(step),
    on: () => {},
  };
}
