import { Buffer } from "node:buffer";
import { HOME } from "../../agent/notebook.ts";
import type { Attachment, ChannelEnv } from "../../channels/channel.ts";
import { actorOf } from "../messages/actors.ts";
import type { InboxRow } from "../messages/inbox.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { StoredAttachment } from "../schema.ts";

/** Files above this are not kept in the workspace. */
const LARGEST = 10 * 1024 * 1024;
/** What does not come now is asked for so often, and not after so many milliseconds. */
const TRIES = 3;
const PATIENCE_MS = 60_000;

/** Why there are no bytes. */
type Missing = Required<Pick<StoredAttachment, "problem">> & Pick<StoredAttachment, "tooLarge">;

/**
 * Fetches what was attached to a turn's messages into the workspace. It happens only now, when the turn runs, so only
 * for people who were let in. A path is noted on the row: after a crash nothing is fetched twice. What cannot be
 * fetched is told to the model and ends no turn. `rows` are changed along.
 * @param signal ends what is being fetched, with the turn
 */
export async function fetchAttachments(
  room: Room,
  parts: Parts,
  rows: InboxRow[],
  signal: AbortSignal,
): Promise<void> {
  for (const row of rows) {
    const attachments = row.extra.attachments ?? [];
    if (attachments.every((attachment) => attachment.path || attachment.problem)) continue;
    const stored: StoredAttachment[] = [];
    for (const attachment of attachments)
      stored.push(await fetchOne(room, parts, row, attachment, stored.length, signal));
    row.extra = { ...row.extra, attachments: stored };
    parts.inbox.keepExtra(row.id, row.extra);
  }
}

/** Nothing is fetched that comes from somebody who may not wake the assistant. */
export function mayBeFetched(room: Room, row: InboxRow): boolean {
  const { role } = actorOf(room, { id: row.senderId, isBot: false });
  return row.trust !== "outside" && (role === "main" || role === "member");
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
  if (!mayBeFetched(room, row)) return problem("not fetched: its sender may not wake me");
  const bytes = await download(room, attachment, LARGEST, signal);
  if ("problem" in bytes) return { ...attachment, ...bytes };
  const path = `${HOME}/attachments/${row.id}-${index}-${nameOf(attachment)}`;
  const author = { by: row.senderId, name: row.senderName, trust: row.trust };
  const written = await parts.workspace.write([{ path, content: bytes }], author);
  return written.ok ? { ...attachment, path } : problem("it could not be stored");
}

/** A file's bytes, or why there are none; never more than `limit`, 10 or 20 MB. What passes is waited for. */
export async function download(...call: Parameters<typeof downloadOnce>): Promise<Uint8Array | Missing> {
  const [{ now }, , , signal] = call;
  const since = now();
  for (let tries = 1; ; tries++) {
    // The companion hears no signal.
    const got = await Promise.race([downloadOnce(...call), endOf(signal)]);
    if (got instanceof Uint8Array) return got;
    const { afterMs, ...missing } = got;
    const isLast = tries === TRIES || signal.aborted || now() - since > PATIENCE_MS;
    if (afterMs === undefined || isLast) return missing;
    await scheduler.wait(afterMs, { signal }).catch(() => undefined);
  }
}

function endOf(signal: AbortSignal): Promise<Missing & { afterMs?: number }> {
  return new Promise((done) => {
    const end = () => done({ problem: "the turn was stopped" });
    signal.addEventListener("abort", end, { once: true });
    if (signal.aborted) end();
  });
}

async function downloadOnce(
  room: Room,
  attachment: Attachment,
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array | (Missing & { afterMs?: number })> {
  const larger: Missing = { problem: `larger than ${limit >> 20} MB`, tooLarge: true };
  if ((attachment.size ?? 0) > limit) return larger;
  const file = await room.channel!.download(attachment, until(room.channelEnv, signal));
  if (!file.ok)
    return { problem: file.reason, ...(file.afterMs === undefined ? {} : { afterMs: file.afterMs }) };
  return readAll(file.body, limit).then(
    (bytes) => bytes ?? larger,
    () => ({ problem: "the download broke off", afterMs: 1000 }),
  );
}

/** Requests that end with the signal too. */
function until(env: ChannelEnv, signal: AbortSignal): ChannelEnv {
  const both = (own?: AbortSignal | null) => (own ? AbortSignal.any([own, signal]) : signal);
  return {
    ...env,
    fetch: (input, init) => env.fetch(input, { ...init, signal: both(init?.signal) }),
    fetchNamed: (url, init) => env.fetchNamed(url, { ...init, signal: both(init.signal) }),
  };
}

/** Reads a stream up to the limit; cancels it beyond. */
async function readAll(body: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function nameOf(attachment: Attachment): string {
  const extension = attachment.mime
    ?.split("/")[1]
    ?.replace(/[^a-z0-9]/gi, "")
    .replace("jpeg", "jpg");
  const name = attachment.name ?? `${attachment.kind}${extension ? `.${extension}` : ""}`;
  return name.replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(-80);
}
