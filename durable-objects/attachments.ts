import { HOME } from "../agent/notebook.ts";
import type { Attachment, ChannelEnv } from "../channels/channel.ts";
import type { InboxRow } from "./inbox.ts";
import type { Parts } from "./parts.ts";
import type { Room } from "./room.ts";
import type { StoredAttachment } from "./schema.ts";

/** Files above this are not fetched. */
const LARGEST = 10 * 1024 * 1024;

/**
 * Fetches what was attached to a turn's messages into the workspace. It happens only now, when the turn runs, so only
 * for people who were let in. A path is noted on the row: after a crash nothing is fetched twice. What cannot be
 * fetched is told to the model and ends no turn.
 * @param signal ends what is being fetched, with the turn
 */
export async function fetchAttachments(
  room: Room,
  parts: Parts,
  turn: string,
  signal: AbortSignal,
): Promise<void> {
  for (const row of parts.inbox.of(turn)) {
    const attachments = row.extra.attachments ?? [];
    if (attachments.every((attachment) => attachment.path || attachment.problem)) continue;
    const stored: StoredAttachment[] = [];
    for (const attachment of attachments)
      stored.push(await fetchOne(room, parts, row, attachment, stored.length, signal));
    parts.inbox.keepExtra(row.id, { ...row.extra, attachments: stored });
  }
}

async function fetchOne(
  room: Room,
  parts: Parts,
  row: InboxRow,
  attachment: StoredAttachment,
  index: number,
  signal: AbortSignal,
): Promise<StoredAttachment> {
  if (attachment.path || attachment.problem) return attachment;
  const problem = (reason: string) => ({ ...attachment, problem: reason });
  if ((attachment.size ?? 0) > LARGEST) return problem("larger than 10 MB");
  const file = await room.channel!.download(attachment, until(room.channelEnv, signal));
  if (!file.ok) return problem(file.reason);
  const bytes = await readAll(file.body).catch(() => "broken" as const);
  if (!bytes) return problem("larger than 10 MB");
  if (bytes === "broken") return problem("the download broke off");
  const path = `${HOME}/attachments/${row.id}-${index}-${nameOf(attachment)}`;
  const author = { by: row.senderId, name: row.senderName, trust: row.trust };
  const written = await parts.workspace.write([{ path, content: bytes }], author);
  return written.ok ? { ...attachment, path } : problem("it could not be stored");
}

/** Requests that end with the signal too. */
function until(env: ChannelEnv, signal: AbortSignal): ChannelEnv {
  const both = (own?: AbortSignal | null) => (own ? AbortSignal.any([own, signal]) : signal);
  return { ...env, fetch: (input, init) => env.fetch(input, { ...init, signal: both(init?.signal) }) };
}

/** Reads a stream up to the limit; cancels it beyond. */
async function readAll(body: ReadableStream<Uint8Array>): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > LARGEST) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks as Uint8Array<ArrayBuffer>[]).arrayBuffer());
}

function nameOf(attachment: Attachment): string {
  const extension = attachment.mime
    ?.split("/")[1]
    ?.replace(/[^a-z0-9]/gi, "")
    .replace("jpeg", "jpg");
  const name = attachment.name ?? `${attachment.kind}${extension ? `.${extension}` : ""}`;
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(-80);
}
