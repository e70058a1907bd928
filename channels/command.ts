import type { Message } from "./channel.ts";

/** `/name args` at the very start of a text. */
export function commandIn(text: string): Message["command"] {
  const found = /^\/([a-z][a-z0-9_-]*)(?:\s+([\s\S]*))?$/i.exec(text);
  return found ? { name: found[1]!.toLowerCase(), args: found[2]?.trim() ?? "" } : undefined;
}
