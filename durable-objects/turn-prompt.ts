import { catchUp, type Said } from "../agent/catch-up.ts";
import type { ChatMessage, ImagePart, ModelChoice } from "../agent/model.ts";
import { GLOBAL, HOME } from "../agent/notebook.ts";
import { buildPrompt, PROMPT_FILES } from "../agent/prompt.ts";
import { triggerOf, withoutTrigger } from "../agent/wake.ts";
import type { Parts } from "./group.ts";
import type { InboxRow } from "./inbox.ts";
import type { Room } from "./room.ts";
import type { InboxExtra } from "./schema.ts";
import type { MessageRow } from "./transcript.ts";
import type { TurnRow } from "./turns.ts";

/** Pictures that one turn shows to the model, and the largest one, in bytes. */
const IMAGES = 4;
const LARGEST_IMAGE = 4 * 1024 * 1024;

/** The prompt of a turn: memory, session, and what it took up at its start. */
export async function promptOf(room: Room, parts: Parts, turn: TurnRow, rows: InboxRow[], choice: ModelChoice): Promise<ChatMessage[]> {
  const session = parts.transcript.get(turn.session);
  const opening = rows.filter((row) => (row.joinedAt ?? 0) === 0);
  return buildPrompt({
    assistant: room.config.ASSISTANT_NAME,
    group: { name: room.settings?.name ?? room.address, channel: room.channelName, main: room.main, direct: room.direct },
    files: await promptFiles(parts),
    memoryFiles: memoryFiles(parts),
    skills: [],
    summary: session.summary ?? undefined,
    transcript: parts.transcript.ofSession(session).map(line),
    news: opening.map((row) => said(room, row)),
    images: choice.vision ? await images(parts, opening) : [],
    members: [...new Set(opening.map((row) => row.senderName))],
    now: turn.createdAt,
    timezone: room.timezone,
  });
}

/** What joined at later rounds, as a block each. */
export function joinedBlocks(room: Room, rows: InboxRow[]): Map<number, string> {
  const later = Map.groupBy(rows.filter((row) => (row.joinedAt ?? 0) > 0), (row) => row.joinedAt!);
  return new Map([...later].map(([round, joined]) => [round, catchUp(joined.map((row) => said(room, row)), room.timezone)]));
}

async function promptFiles(parts: Parts): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const path of PROMPT_FILES) {
    const read = await parts.workspace.read(path);
    if (read.ok) texts.set(path, read.text);
  }
  return texts;
}

function memoryFiles(parts: Parts): string[] {
  return [HOME, GLOBAL].flatMap((folder) => parts.workspace.list(`${folder}/memory`)).map((file) => file.path).filter((path) => path.endsWith(".md"));
}

function line(row: MessageRow): Said & { role: "person" | "assistant" | "note" } {
  return { role: row.role as "person" | "assistant" | "note", at: row.at, sender: row.sender, text: row.text, ...extras(row.extra) };
}

function said(room: Room, row: InboxRow): Said {
  const trigger = triggerOf({ name: room.config.ASSISTANT_NAME, trigger: room.settings?.trigger });
  return { at: row.sentAt, sender: row.senderName, text: withoutTrigger(row.text, trigger), ...extras(row.extra) };
}

function extras(extra: InboxExtra): Pick<Said, "quote" | "attachments"> {
  return { ...(extra.replyTo ? { quote: extra.replyTo } : {}), ...(extra.attachments ? { attachments: extra.attachments } : {}) };
}

/** The newest pictures, as data URLs. */
async function images(parts: Parts, rows: InboxRow[]): Promise<ImagePart[]> {
  const files = rows.flatMap((row) => row.extra.attachments ?? []).filter((file) => file.kind === "image" && file.path);
  const found: ImagePart[] = [];
  for (const file of files.slice(-IMAGES)) {
    const read = await parts.workspace.bytes(file.path!);
    if (!read.ok || read.bytes.length > LARGEST_IMAGE) continue;
    found.push({ dataUrl: `data:${file.mime ?? "image/jpeg"};base64,${base64(read.bytes)}` });
  }
  return found;
}

function base64(bytes: Uint8Array): string {
  let binary = "";
  for (let index = 0; index < bytes.length; index += 0x8000) binary += String.fromCharCode(...bytes.subarray(index, index + 0x8000));
  return btoa(binary);
}
