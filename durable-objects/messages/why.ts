import { desc } from "drizzle-orm";
import type { Room } from "../room.ts";
import { drops, inbox } from "../schema.ts";

/** Messages that are looked at, and lines that are shown, of each kind. */
const LOOKED_AT = 300;
const SHOWN = 10;
/** Characters of a message that are shown. */
const QUOTED = 40;

/** One message without an answer. */
interface Unheard {
  at: number;
  sender: string;
  /** Undefined where it was not stored. */
  text?: string;
  reason: string;
}

type Row = Pick<typeof inbox.$inferSelect, "state" | "wakes" | "reason">;

/** Which messages of a chat got no answer, and why, in plain words: first those that were not even stored. */
export function why(room: Room): string {
  const parts = [
    ["Not stored:", dropped(room)],
    ["Read, but not answered:", unanswered(room)],
  ] as const;
  const shown = parts.filter(([, found]) => found.length > 0);
  if (shown.length === 0) return "Nothing was left unheard here.";
  return shown.map(([head, found]) => [head, ...lines(room, found)].join("\n")).join("\n\n");
}

function dropped({ db }: Room): Unheard[] {
  const { at, sender, reason } = drops;
  return db.select({ at, sender, reason }).from(drops).orderBy(desc(drops.id)).limit(LOOKED_AT).all();
}

function unanswered(room: Room): Unheard[] {
  const { receivedAt: at, senderName: sender, text, state, wakes, reason } = inbox;
  const rows = room.db
    .select({ at, sender, text, state, wakes, reason })
    .from(inbox)
    .orderBy(desc(inbox.id))
    .limit(LOOKED_AT)
    .all();
  return rows.flatMap((row) => {
    const reason = reasonOf(row, room.paused);
    return reason === undefined ? [] : [{ at: row.at, sender: row.sender, text: row.text, reason }];
  });
}

/** Undefined for what was answered or is going to be. */
function reasonOf({ state, wakes, reason }: Row, paused: boolean): string | undefined {
  switch (state) {
    case "failed":
      return `it failed: ${reason ?? "no reason was kept"}`;
    case "cancelled":
      return reason ?? "it was stopped";
    case "recorded":
      return `an edit is not answered again (${reason})`;
    case "pending":
      return paused ? "main has paused this chat; it waits until that is over" : undefined;
    case "silent":
      if (wakes) return "the assistant read it and chose to say nothing";
      break;
    case "context":
    case "claimed":
      break;
    case "answered":
    case "command":
      return undefined;
  }
  return wakes ? undefined : (reason ?? "it was not meant for the assistant");
}

/** The newest, oldest first; one line for what one person said in a row for one reason. */
function lines(room: Room, found: Unheard[]): string[] {
  const grouped: (Unheard & { more: number })[] = [];
  for (const next of found) {
    const last = grouped.at(-1);
    if (last?.sender === next.sender && last.reason === next.reason) last.more++;
    else grouped.push({ ...next, more: 0 });
    if (grouped.length > SHOWN) break;
  }
  const zone = { dateStyle: "medium", timeStyle: "short", timeZone: room.timezone } as const;
  const when = new Intl.DateTimeFormat("en-US", zone);
  const shown = grouped.slice(0, SHOWN).reverse();
  return shown.map(({ at, sender, text, reason, more }) => {
    const said = text === undefined ? "" : ` “${quoted(text)}”`;
    return `- ${when.format(at)}, ${sender}${said}: ${reason}${more > 0 ? ` (and ${more} before it)` : ""}`;
  });
}

function quoted(text: string): string {
  const line = text.replace(/[\p{Cc}\s]+/gu, " ").trim();
  return line.length > QUOTED ? `${line.slice(0, QUOTED).toWellFormed()}…` : line || "(no text)";
}
