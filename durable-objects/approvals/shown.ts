import type { Approvals } from "./approvals.ts";
import { fateOf } from "./words.ts";

/** A call that waits for somebody's yes, or did, for the owner's doors. */
export interface ShownApproval {
  number: number;
  tool: string;
  /** What was asked, as markdown. */
  asked: string;
  state: "asked" | "approved" | "denied" | "expired" | "done" | "refused";
  /** How it stands, as the end of a sentence. */
  fate: string;
  result: string | null;
  /** Milliseconds since the epoch. */
  createdAt: number;
  expiresAt: number;
}

const SHOWN = 50;

/** The newest first. What main was asked about other chats stands in those chats' own lists. */
export function shownApprovals(approvals: Approvals): ShownApproval[] {
  const own = approvals.list(SHOWN).filter(({ origin }) => origin === null);
  return own.map((row) => {
    const { number, tool, asked, state, result, createdAt, expiresAt } = row;
    return { number, tool, asked, state, fate: fateOf(row), result, createdAt, expiresAt };
  });
}
