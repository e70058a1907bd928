import type { Heard } from "./catch-up.ts";

type File = NonNullable<Heard["attachments"]>[number];

/** Whether a file is something to listen to. */
export function isSpoken({ kind }: { kind: string }): boolean {
  return kind === "voice" || kind === "audio";
}

/** A message's text, and under it what its voice messages and recordings say, a line each. */
export function wholeText({ text, attachments = [] }: Pick<Heard, "text" | "attachments">): string {
  const spoken = attachments.filter(isSpoken).map(lineOf);
  return [...(text || spoken.length === 0 ? [text] : []), ...spoken].join("\n");
}

/** The same message with all of it as its text. */
export function inText<T extends Heard>(message: T): T {
  return message.attachments?.some(isSpoken) ? { ...message, text: wholeText(message) } : message;
}

function lineOf({ kind, transcript }: File): string {
  const what = kind === "voice" ? "voice message" : "recording";
  if (transcript === undefined) return `[${what}, not transcribed]`;
  return transcript === "" ? `[${what}, no words in it]` : `[${what}, transcribed: ${transcript}]`;
}
