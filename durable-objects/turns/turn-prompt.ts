import { Buffer } from "node:buffer";
import { formatCatchUp, type Heard } from "../../agent/catch-up.ts";
import type { ChatMessage, ImagePart, ModelChoice } from "../../agent/model.ts";
import type { Named } from "../../agent/names.ts";
import { EXTRA } from "../../agent/notebook.ts";
import { buildPrompt, stablePrompt } from "../../agent/prompt.ts";
import { PROMPT_PATHS, type PromptFile } from "../../agent/prompt-files.ts";
import type { TranscriptOptions } from "../../agent/transcript.ts";
import { triggerOf, withoutTrigger } from "../../agent/wake.ts";
import { type InboxRow, TAKEN_UP } from "../messages/inbox.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { InboxExtra } from "../schema.ts";
import { sideInput } from "./side-turn.ts";
import type { TurnRow } from "./turns.ts";

/** Pictures that one turn shows to the model, and the largest one, in bytes. */
const IMAGES = 4;
const LARGEST_IMAGE = 4 * 1024 * 1024;

/** The prompt of a turn: memory, session, and what it took up at its start. */
export async function promptOf(
  room: Room,
  parts: Parts,
  turn: TurnRow,
  rows: InboxRow[],
  choice: ModelChoice,
): Promise<ChatMessage[]> {
  const session = parts.transcript.get(turn.session);
  const transcript = parts.transcript.ofSession(session);
  const opening = rows.filter((row) => (row.joinedAt ?? 0) === 0);
  return buildPrompt({
    ...(await stableInput(room, parts)),
    chat: { name: room.settings?.name ?? room.address, channel: room.channelName },
    summary: session.summary ?? undefined,
    transcript,
    unseen: parts.transcript.unseen(session, transcript),
    catchUp: opening.map((row) => heard(room, row)),
    leftOut: rows.length < TAKEN_UP ? 0 : parts.inbox.countBefore(turn.id, rows[0]!.id),
    asks: asking(opening),
    images: choice.vision ? await images(parts, opening) : [],
    members: parts.transcript.members(),
    now: turn.createdAt,
    timezone: room.timezone,
  });
}

/** Those who woke the turn, where others speak in it too. */
function asking(rows: InboxRow[]): Named[] {
  const people = (some: InboxRow[]) => new Map(some.map((row) => [row.senderId, row.senderName]));
  const woke = people(rows.filter((row) => row.wakes));
  if (people(rows).size === woke.size) return [];
  return [...woke].map(([id, name]) => ({ id, name }));
}

/** The prompt of a task's run or a heartbeat: what is asked stands where people's messages stand in a chat. */
export async function sidePrompt(room: Room, parts: Parts, turn: TurnRow): Promise<ChatMessage[]> {
  return buildPrompt({
    ...(await stableInput(room, parts)),
    chat: { name: room.settings?.name ?? room.address, channel: room.channelName },
    ...sideInput(room, parts, turn),
    catchUp: [],
    members: parts.transcript.members(),
    now: turn.createdAt,
    timezone: room.timezone,
  });
}

/** The rules, guides and memory alone, for a request that is no answer to anybody. */
export async function rulesOf(room: Room, parts: Parts): Promise<ChatMessage> {
  return stablePrompt(await stableInput(room, parts));
}

async function stableInput(room: Room, parts: Parts) {
  return {
    assistantName: room.config.ASSISTANT_NAME,
    main: room.main,
    type: room.direct ? ("direct" as const) : ("group" as const),
    mounts: parts.workspace.roots().filter(({ path }) => path.startsWith(EXTRA)),
    files: await promptFiles(parts),
    // A name can give orders too: those from outside are seen by who lists them.
    paths: parts.workspace.list("/workspace").flatMap(({ path, outside }) => (outside ? [] : [path])),
    skills: parts.skills.usable(parts.mcp.toolNames()),
  };
}

/** What joined at later rounds, as a block each. */
export function joinedBlocks(room: Room, parts: Parts, rows: InboxRow[]): Map<number, string> {
  const later = Map.groupBy(
    rows.filter((row) => (row.joinedAt ?? 0) > 0),
    (row) => row.joinedAt!,
  );
  return new Map(
    [...later].map(([round, joined]) => [
      round,
      formatCatchUp(
        joined.map((row) => heard(room, row)),
        options(room, parts),
      ),
    ]),
  );
}

/** How people's lines are shown, the same in every part of a prompt. */
export function options(room: Room, parts: Parts): TranscriptOptions {
  const { timezone, config } = room;
  return { timezone, assistantName: config.ASSISTANT_NAME, members: parts.transcript.members() };
}

async function promptFiles(parts: Parts): Promise<PromptFile[]> {
  const files: PromptFile[] = [];
  for (const path of PROMPT_PATHS) {
    const read = await parts.workspace.read(path);
    if (read.ok) files.push({ path, text: read.text });
  }
  return files;
}

function heard(room: Room, row: InboxRow): Heard {
  const trigger = triggerOf({ name: room.config.ASSISTANT_NAME, trigger: room.settings?.trigger });
  const { senderId, senderName: sender, trust, sentAt: at } = row;
  return { senderId, sender, trust, at, text: withoutTrigger(row.text, trigger), ...extras(row.extra) };
}

function extras({ replyTo, attachments }: InboxExtra): Pick<Heard, "replyTo" | "attachments"> {
  return { ...(replyTo ? { replyTo } : {}), ...(attachments ? { attachments } : {}) };
}

/** The newest pictures, as data URLs. */
async function images(parts: Parts, rows: InboxRow[]): Promise<ImagePart[]> {
  const files = rows
    .flatMap((row) => row.extra.attachments ?? [])
    .filter((file) => file.kind === "image" && file.path);
  const found: ImagePart[] = [];
  for (const file of files.slice(-IMAGES)) {
    const read = await parts.workspace.bytes(file.path!);
    if (!read.ok || read.bytes.length > LARGEST_IMAGE) continue;
    found.push({
      dataUrl: `data:${file.mime ?? "image/jpeg"};base64,${Buffer.from(read.bytes).toString("base64")}`,
    });
  }
  return found;
}
