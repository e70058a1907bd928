import { eq } from "drizzle-orm";
import { PROMPT_PATHS } from "../agent/prompt-files.ts";
import { lowest, type Trust } from "../agent/trust.ts";
import type { InboxRow } from "./inbox.ts";
import type { Parts } from "./parts.ts";
import type { Room } from "./room.ts";
import { turns } from "./schema.ts";
import type { TurnRow } from "./turns.ts";

/** Gives a turn the lowest label of what its prompt holds: messages, earlier talk, its summary, memory. */
export function weighPrompt(room: Room, parts: Parts, turn: TurnRow): void {
  const earlier = parts.transcript.ofSession(parts.transcript.get(turn.session)).map((row) => row.trust);
  const files = parts.workspace
    .list("/workspace")
    .filter((file) => PROMPT_PATHS.includes(file.path) && file.outside)
    .map((): Trust => "outside");
  // A summary and what became of earlier messages have no row of their own any more: the session keeps their label.
  const session: Trust[] = room.get(`outside:${turn.thread}`) === turn.session ? ["outside"] : [];
  lower(room, turn, ...earlier, ...files, ...session);
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
    const isOpen = room.get(`session:${turn.thread}`) === turn.session;
    if (trust === "outside" && isOpen) room.set(`outside:${turn.thread}`, turn.session);
  });
}
