import { chooseTranscriber, type Transcriber } from "../../agent/models/choose-transcriber.ts";
import { LARGEST_AUDIO, transcribe, transcriptionEstimate } from "../../agent/models/transcribe.ts";
import { isSpoken } from "../../agent/voice.ts";
import type { InboxRow } from "../messages/inbox.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { StoredAttachment } from "../schema.ts";
import type { Grant } from "../usage.ts";
import { download, mayBeFetched } from "./attachments.ts";
import type { TurnRow } from "./turns.ts";

/** Recordings that one turn listens to: those that woke it, then the newest. */
const A_TURN = 10;
/** Requests for one recording: a crash may hide whether the first one was answered. */
const TRIES = 2;

const NO_KEY =
  "I cannot listen to voice messages yet. My owner can change that: set GROQ_API_KEY or OPENAI_API_KEY (`npx wrangler secret put GROQ_API_KEY`, or in the environment of `npm start`), and I write down what is said in them.";

/** What listening works with, for one turn. */
interface Listening {
  room: Room;
  parts: Parts;
  turn: TurnRow;
  grant: Grant;
  signal: AbortSignal;
}

/** One attachment of a message, by its place. */
interface Recorded {
  row: InboxRow;
  index: number;
}

/**
 * Writes down what is said in the voice messages that a turn reads, before its model is asked. What nobody's turn reads
 * costs nothing, and neither does what people said who may not wake it. Each request is counted on the row, together
 * with its reservation, before it is made, and what came back is kept there: nothing that was heard is sent again.
 * Nothing here ends a turn. `rows` are changed along.
 */
export async function listen(rows: InboxRow[], listening: Listening): Promise<void> {
  const { room } = listening;
  const all = rows.flatMap(recordingsOf).filter(({ row }) => mayBeFetched(room, row));
  const open = all.filter((one) => !isSettled(fileOf(one)));
  if (open.length === 0) return;
  const transcriber = chooseTranscriber(room.config.vars);
  if (!transcriber) return tellOnce(listening);
  const tried = all.filter((one) => fileOf(one).tries && isSettled(fileOf(one))).length;
  const due = open.sort(wokeFirst).slice(0, Math.max(0, A_TURN - tried));
  for (const one of due) if (!(await hear(one, transcriber, listening))) break;
  for (const one of open) if (!isSettled(fileOf(one))) keep(one, { silent: "not listened to" }, listening);
}

/** Answers whether it is worth while to go on with others. */
async function hear(one: Recorded, transcriber: Transcriber, listening: Listening): Promise<boolean> {
  const file = fileOf(one);
  if ((file.tries ?? 0) >= TRIES) return setAside(one, "it was interrupted twice", listening);
  const bytes = await bytesOf(file, listening);
  if (typeof bytes === "string") return setAside(one, bytes, listening);
  if (!reserve(one, bytes.length, transcriber, listening)) return false;
  const { room, signal } = listening;
  const recording = { bytes, ...named(file) };
  const heard = await transcribe(transcriber, recording, {
    fetch: room.channelEnv.fetch,
    signal,
    now: room.now,
  });
  const change = heard.ok ? { transcript: heard.text } : { silent: heard.reason };
  room.transaction(() => {
    listening.parts.ledger.settle(stepOf(one), heard.usage ?? NOTHING, priced(transcriber));
    keep(one, change, listening);
  });
  if (!heard.ok && !signal.aborted) room.report("a voice message was not transcribed", heard.reason);
  return heard.ok || !heard.down;
}

/** Counts a request and its cost before it is made. False where no budget has room for it. */
function reserve(one: Recorded, size: number, transcriber: Transcriber, listening: Listening): boolean {
  const { room, parts, turn, grant } = listening;
  const file = fileOf(one);
  const estimate = transcriptionEstimate(transcriber, { size, ...named(file) });
  return room.transaction(() => {
    const refusal = parts.ledger.reserve(turn.id, stepOf(one), estimate, priced(transcriber), grant);
    keep(one, refusal ? { silent: "a budget is used up" } : { tries: (file.tries ?? 0) + 1 }, listening);
    return !refusal;
  });
}

/** What the workspace has, or what was too large for it. */
async function bytesOf(file: StoredAttachment, listening: Listening): Promise<Uint8Array | string> {
  const { room, parts, signal } = listening;
  if (file.path) {
    const read = await parts.workspace.bytes(file.path);
    return read.ok ? read.bytes : "its file is gone";
  }
  // The sentence alone stands on rows of the version before.
  if (!file.tooLarge && file.problem !== "larger than 10 MB") return file.problem ?? "it is not here";
  const bytes = await download(room, file, LARGEST_AUDIO, signal);
  return "problem" in bytes ? bytes.problem : bytes;
}

function setAside(one: Recorded, silent: string, listening: Listening): true {
  keep(one, { silent }, listening);
  return true;
}

function keep({ row, index }: Recorded, change: Partial<StoredAttachment>, { parts }: Listening): void {
  const attachments = row.extra.attachments!.map((file, at) =>
    at === index ? { ...file, ...change } : file,
  );
  row.extra = { ...row.extra, attachments };
  parts.inbox.keepExtra(row.id, row.extra);
}

/** Once in the life of a chat. */
function tellOnce({ room, parts, turn }: Listening): void {
  if (room.get("told:voice")) return;
  room.transaction(() => {
    parts.say("voice:no-key", NO_KEY, turn.thread);
    room.set("told:voice", room.now());
  });
  parts.speak();
}

function recordingsOf(row: InboxRow): Recorded[] {
  const files = row.extra.attachments ?? [];
  return files.flatMap((file, index) => (isSpoken(file) ? [{ row, index }] : []));
}

function wokeFirst(a: Recorded, b: Recorded): number {
  return Number(b.row.wakes) - Number(a.row.wakes) || (a.row.id < b.row.id ? 1 : -1);
}

function isSettled({ transcript, silent }: StoredAttachment): boolean {
  return transcript !== undefined || silent !== undefined;
}

function fileOf({ row, index }: Recorded): StoredAttachment {
  return row.extra.attachments![index]!;
}

function named({ name, kind, mime }: StoredAttachment) {
  return { name: name ?? kind, ...(mime ? { mime } : {}) };
}

function stepOf({ row, index }: Recorded): string {
  return `${row.id}.voice.${index}`;
}

/** The estimate brings its price along. */
function priced({ provider, model }: Transcriber) {
  return { model: `${provider}/${model}`, price: () => undefined };
}

const NOTHING = { inputTokens: 0, outputTokens: 0, usd: 0 };
