import type { DirectoryStub } from "../admission.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { Decided } from "./approvals.ts";
import type { ApprovalRow } from "./book.ts";
import type { Decider } from "./schema.ts";
import type { Answer } from "./words.ts";

/**
 * Somebody in this chat answers a call that waits: one of this chat, or, in main, one of another. Answers what is left
 * to do for the transaction that keeps the answer's own row.
 */
export async function answerApproval(
  room: Room,
  parts: Parts,
  directory: DirectoryStub,
  answer: Answer,
  by: Decider,
): Promise<() => Decided> {
  const row = parts.approvals.get(answer.number);
  if (!row?.origin) return () => parts.approvals.decide(answer, by, room.address);
  if (answer.fingerprint !== undefined && !row.hash.startsWith(answer.fingerprint))
    return () => ({ ok: false, said: "This button belongs to another call. Nothing was decided." });
  // The directory says whether this chat is still main.
  const target = await directory.find(row.origin, room.address);
  if (!target?.registered)
    return () => ({ ok: false, said: "That chat is not registered any more, or this one is not main." });
  const decided = await room.env.GROUP.getByName(target.address).decideApproval(
    asThere(row, answer),
    by,
    room.address,
  );
  return () => {
    parts.approvals.settled(row, decided);
    return decided;
  };
}

/** The number and the hash that the call has in its own chat. */
function asThere(row: ApprovalRow, { verdict, number }: Answer): Answer {
  return { verdict, number: row.originNumber!, fingerprint: row.hash, shown: number };
}
