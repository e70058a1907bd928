import type { Step } from "../../agent/journal.ts";
import { describeFileError, type Notebook } from "../../agent/notebook.ts";
import type { ToolContext } from "../../agent/tools/tool.ts";
import { parseAddress } from "../../channels/channel.ts";
import { type FileLimits, megabytes } from "../../channels/files.ts";
import { channels } from "../../channels/index.ts";
import type { DirectoryStub } from "../admission.ts";
import type { PinnedFile } from "../outbox/pins.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { TurnRow } from "./turns.ts";

/** What `send_message` works with in one step of a turn. */
export interface SendDesk {
  room: Room;
  parts: Parts;
  directory: DirectoryStub;
  turn: TurnRow;
  step: Step;
  notebook: Notebook;
  /** Why the turn may not send to this other group; asked once it is known what it has read. */
  refusal(to: string): string | undefined;
}

interface Letter {
  text: string;
  paths: readonly string[];
  commit: () => void;
}

/** Queues a message with its files: to the own chat in the step's transaction, to another group's by its object. */
export function sender(desk: SendDesk): ToolContext["sendMessage"] {
  return async (text, to, commit, paths = []) => {
    const letter = { text, paths, commit };
    return isOwn(desk.room, to) ? sendHere(desk, letter) : sendThere(desk, to!, letter);
  };
}

function isOwn(room: Room, to: string | undefined): boolean {
  return !to || to === room.address || to === room.settings?.name;
}

async function sendHere(desk: SendDesk, { text, paths, commit }: Letter): Promise<string | undefined> {
  const { room, parts, turn, step } = desk;
  const files = await pinned(desk, paths, room.channel?.limits.files);
  if (typeof files === "string") return files;
  room.transaction(() => {
    const id = room.newId();
    const { thread, session, trust, trace } = turn;
    parts.outbox.say({ key: `step:${step.id}`, text, thread, turn: turn.id, trust, trace, files }, id);
    parts.transcript.addOurs({ id, text, thread, session, turn: turn.id, trust, extra: { files } });
    const note = noteOf(files);
    if (note)
      parts.transcript.addOurs({
        id: room.newId(),
        role: "note",
        text: note,
        thread,
        session,
        turn: turn.id,
      });
    commit();
  });
  parts.speak();
  return undefined;
}

/** To another group, whose object queues it once a key. The directory asks again who may. */
async function sendThere(
  desk: SendDesk,
  to: string,
  { text, paths, commit }: Letter,
): Promise<string | undefined> {
  const { room, directory, turn, step } = desk;
  const before = desk.refusal(to);
  if (before) return before;
  const target = await directory.find(to, room.address);
  if (!target?.registered) return `There is no registered group called "${to}". Use list_groups.`;
  const limits = channels[parseAddress(target.address).channel]?.limits.files;
  const files = await pinned(desk, paths, limits);
  if (typeof files === "string") return files;
  // A file may have brought text from outside into the turn.
  const after = desk.refusal(to);
  if (after) return after;
  await room.env.GROUP.getByName(target.address).notify(`step:${step.id}`, text, files, turn.lane !== "chat");
  commit();
  return undefined;
}

/** Keeps the files as they are now, one after the other, or says what is wrong with one. */
async function pinned(
  { parts, notebook }: SendDesk,
  paths: readonly string[],
  limits: FileLimits | undefined,
): Promise<PinnedFile[] | string> {
  const files: PinnedFile[] = [];
  for (const path of new Set(paths)) {
    const file = await notebook.bytes(path);
    if (!file.ok) return describeFileError(file);
    const problem = problemOf(file.info, limits);
    if (problem) return problem;
    files.push(await parts.pins.keep(file.info.path, file.bytes));
  }
  return files;
}

function problemOf({ path, size }: { path: string; size: number }, limits: FileLimits | undefined) {
  if (!limits) return "No files can be sent there.";
  if (size === 0) return `${path} is empty, and no chat takes an empty file.`;
  if (size <= limits.bytes) return undefined;
  return `${path} has ${megabytes(size)}; a file may have ${megabytes(limits.bytes)} there. Make it smaller, or send parts of it.`;
}

/** What the model reads later of a message with files. */
function noteOf(files: readonly PinnedFile[]): string {
  return files.length === 0 ? "" : `(Sent with it: ${files.map(({ path }) => path).join(", ")})`;
}
