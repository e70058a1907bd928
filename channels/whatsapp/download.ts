import type { Attachment, ChannelEnv } from "../channel.ts";
import { type Download, lateFile, noFile, TOO_LARGE } from "../fetch-file.ts";
import { MEDIA_CAP } from "../frames.ts";

/** A companion that is not there, or does not answer in time, may be there after so many milliseconds. */
const AGAIN_MS = 10_000;

/** Has the companion fetch and decrypt a file and upload it, and takes it from there. */
export async function download(attachment: Attachment, { companion, now }: ChannelEnv): Promise<Download> {
  if (!companion) return noFile("There is no companion here.");
  if ((attachment.size ?? 0) > MEDIA_CAP) return TOO_LARGE;
  const { ref } = attachment;
  const result = await companion.command(`download:${ref}:${now()}`, "whatsapp", { do: "download", ref });
  if (result.outcome === "failed") return noFile(result.reason);
  if (result.outcome !== "done")
    return lateFile(result.reason, result.outcome === "retry" ? result.afterMs : AGAIN_MS);
  const taken = result.media ? await companion.take(result.media) : undefined;
  return taken ? { ok: true, ...taken } : noFile("The companion delivered no file.");
}
