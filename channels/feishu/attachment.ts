import type { Attachment } from "../channel.ts";

/** A message's file; `ref` names message, kind of resource and key. Empty without a key. */
export function attachment(
  messageId: string,
  kind: Attachment["kind"],
  key: string,
  name: string,
): Attachment[] {
  const ref = [messageId, kind === "image" ? "image" : "file", key].join("/");
  // Voice messages are Opus in an Ogg container; the type of pictures is told at the download only.
  return key ? [{ kind, ref, name, ...(kind === "voice" ? { mime: "audio/ogg" } : {}) }] : [];
}
