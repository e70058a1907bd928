import type { Attachment, Channel, ChannelEnv } from "../channel.ts";
import { MEDIA_CAP } from "../frames.ts";

type Download = Awaited<ReturnType<Channel["download"]>>;

/** Has the companion fetch and decrypt a file and upload it, and takes it from there. */
export async function download(attachment: Attachment, { companion, now }: ChannelEnv): Promise<Download> {
  if (!companion) return no("There is no companion here.");
  if ((attachment.size ?? 0) > MEDIA_CAP) return no("The file is larger than 20 MB.");
  const { ref } = attachment;
  const result = await companion.command(`download:${ref}:${now()}`, "whatsapp", { do: "download", ref });
  if (result.outcome !== "done") return no(result.reason);
  const taken = result.media ? await companion.take(result.media) : undefined;
  return taken ? { ok: true, ...taken } : no("The companion delivered no file.");
}

function no(reason: string): Download {
  return { ok: false, reason };
}
