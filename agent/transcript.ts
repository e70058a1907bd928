import {
  type CatchUpOptions,
  type Entry,
  entryFor,
  formatAll,
  type Heard,
  linesOf,
  namerFor,
} from "./catch-up.ts";
import type { ChatMessage } from "./model.ts";
import { inText } from "./voice.ts";

/** A message of a conversation, as it was stored. */
export interface TranscriptRow extends Heard {
  /** `note`: the host's word to the model; `command` and `notice` are between people and host and are left out. */
  role: "person" | "assistant" | "note" | "command" | "notice";
  /** The turn that it belongs to. */
  turn?: string | null;
  /** Where quote and attachments are stored, if not beside the text. */
  extra?: Pick<Heard, "replyTo" | "attachments">;
}

/** How people's lines are shown. What changes here from turn to turn spoils the provider's cache. */
export type TranscriptOptions = Pick<CatchUpOptions, "timezone" | "members" | "assistantName">;

/** Earlier turns as user and assistant messages in turn. People's words are quoted data as in the catch-up. */
export function transcriptMessages(
  rows: readonly TranscriptRow[],
  options: TranscriptOptions,
): ChatMessage[] {
  const heard = rows.map((row) => inText({ ...row, ...row.extra }));
  const entry = entryFor(options.timezone, namerFor(heard, options));
  return alternating(stretches(heard).map((stretch) => messageOf(stretch, entry)));
}

/** Neighbours of one role become one message, since some models accept nothing else. */
export function alternating(messages: ChatMessage[]): ChatMessage[] {
  const merged: ChatMessage[] = [];
  for (const message of messages) {
    const last = merged.at(-1);
    const together = last && joined(last, message);
    if (together) merged[merged.length - 1] = together;
    else merged.push(message);
  }
  return merged;
}

function joined(a: ChatMessage, b: ChatMessage): ChatMessage | undefined {
  const content = `${a.content}\n\n${b.content}`;
  if (a.role === "user" && b.role === "user") {
    const images = [...(a.images ?? []), ...(b.images ?? [])];
    return { role: "user", content, ...(images.length > 0 ? { images } : {}) };
  }
  if (a.role !== "assistant" || b.role !== "assistant" || a.toolCalls.length > 0) return undefined;
  return { role: "assistant", content, toolCalls: b.toolCalls };
}

/** Rows of one role that follow each other. */
function stretches(rows: readonly TranscriptRow[]): TranscriptRow[][] {
  const result: TranscriptRow[][] = [];
  for (const row of rows) {
    if (row.role === "command" || row.role === "notice") continue;
    const last = result.at(-1);
    if (last?.[0]?.role === row.role) last.push(row);
    else result.push([row]);
  }
  return result;
}

function messageOf(rows: TranscriptRow[], entry: Entry): ChatMessage {
  const texts = rows.map((row) => row.text);
  switch (rows[0]!.role) {
    case "person":
      return { role: "user", content: formatAll(rows, entry) };
    case "assistant":
      return { role: "assistant", content: texts.join("\n\n"), toolCalls: [] };
    default:
      return { role: "user", content: texts.map((text) => linesOf(text).join(" ")).join("\n") };
  }
}
