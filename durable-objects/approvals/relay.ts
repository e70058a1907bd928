import type { DirectoryStub } from "../admission.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { ApprovalRow } from "./book.ts";

/**
 * Asks main about the calls that nobody here can answer, and tells it how they ended. A crash after main took one does
 * so again under the same key, which changes nothing.
 */
export async function relayApprovals(room: Room, parts: Parts, directory: DirectoryStub): Promise<void> {
  for (const row of parts.approvals.unrelayed()) {
    for (const address of await directory.mains()) await tell(room, address, row);
    // It may have been decided meanwhile: then main is told next.
    if (parts.approvals.get(row.number)?.state === row.state) parts.approvals.wasRelayed(row.id);
  }
}

async function tell(room: Room, main: string, row: ApprovalRow): Promise<void> {
  const { number, state, decidedBy: by } = row;
  const group = room.env.GROUP.getByName(main);
  if (state === "asked") return group.askApproval(relayed(room, row));
  await group.settleApproval(room.address, number, { state, ...(by ? { by } : {}) });
}

function relayed(room: Room, row: ApprovalRow) {
  const { number, tool, hash, asked, trust, expiresAt } = row;
  const chat = room.settings?.name ?? room.address;
  return { origin: room.address, number, chat, tool, hash, asked, trust, expiresAt };
}
