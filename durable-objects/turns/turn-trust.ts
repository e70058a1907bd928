import { eq } from "drizzle-orm";
import { HOME } from "../../agent/notebook.ts";
import { PROMPT_PATHS } from "../../agent/prompt-files.ts";
import { lowest, type Trust } from "../../agent/trust.ts";
import type { InboxRow } from "../messages/inbox.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import { turns } from "../schema.ts";
import { sideInput } from "./side-turn.ts";
import type { TurnRow } from "./turns.ts";

/** Gives a turn the lowest label of what its prompt holds: earlier talk, its summary, memory. */
export function weighPrompt(room: Room, parts: Parts, turn: TurnRow): void {
  lower(room, turn, ...earlier(room, parts, turn), ...remembered(parts, turn));
}

/** A task or a heartbeat may see less of the chat than a chat's turn, or nothing. */
function earlier(room: Room, parts: Parts, turn: TurnRow): Trust[] {
  if (!turn.run) {
    const rows = parts.transcript.ofSession(parts.transcript.get(turn.session));
    return [...rows.map((row) => row.trust), ofSummary(room, turn)];
  }
  const { transcript, summary } = sideInput(room, parts, turn);
  return [...transcript.map((row) => row.trust), summary ? ofSummary(room, turn) : "owner"];
}

/** A summary has no row of its own: the session keeps the label of what it stands for. */
function ofSummary(room: Room, turn: TurnRow): Trust {
  return room.get(`outside:${turn.thread}`) === turn.session ? "outside" : "owner";
}

function remembered(parts: Parts, turn: TurnRow): Trust[] {
  const read = turn.kind === "heartbeat" ? [...PROMPT_PATHS, `${HOME}/HEARTBEAT.md`] : PROMPT_PATHS;
  const files = parts.workspace.list("/workspace").filter((file) => file.outside && read.includes(file.path));
  return files.map(() => "outside");
}

/** Gives a turn the lowest label of the messages that it took up. */
export function weighMessages(room: Room, turn: TurnRow, rows: readonly InboxRow[]): void {
  lower(room, turn, ...rows.map((row) => row.trust));
}

/** A turn read something with these labels. What it writes from now on has the lowest; `/new` begins afresh. */
export function lower(room: Room, turn: TurnRow, ...labels: Trust[]): void {
  const trust = lowest(turn.trust, ...labels);
  if (trust === turn.trust) return;
  turn.trust = trust;
  room.transaction(() => {
    room.db.update(turns).set({ trust }).where(eq(turns.id, turn.id)).run();
    const isTalk = !turn.run && room.get(`session:${turn.thread}`) === turn.session;
    if (trust === "outside" && isTalk) room.set(`outside:${turn.thread}`, turn.session);
  });
}
