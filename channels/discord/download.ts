import type { Attachment, ChannelEnv } from "../channel.ts";
import {
  type Download,
  FILE_CAP,
  fetchFile,
  lateFile,
  noFile,
  refusedFile,
  TOO_LARGE,
} from "../fetch-file.ts";
import { apiRoot, call, refusalOf } from "./api.ts";

/** Where Discord keeps files: https://discord.com/developers/docs/reference#signed-attachment-cdn-urls */
const HOSTS = ["cdn.discordapp.com", "media.discordapp.net"];

/**
 * Fetches a file. Its address is asked for anew, since it expires: `ref` is `channel/message/attachment`. A file of a
 * slash command belongs to no message; there `ref` is the address. Nothing is fetched from other hosts than Discord's.
 */
export async function download(attachment: Attachment, env: ChannelEnv): Promise<Download> {
  if ((attachment.size ?? 0) > FILE_CAP) return TOO_LARGE;
  const found = await addressOfFile(attachment.ref, env);
  if (typeof found !== "string") return found;
  if (!isDiscords(found, env)) return noFile("The file is not at Discord.");
  return fetchFile(found, { fetch: env.fetchNamed }, "Discord").catch(() =>
    lateFile("Discord did not answer."),
  );
}

async function addressOfFile(ref: string, env: ChannelEnv): Promise<string | Download> {
  const [, channel, message, id] = /^(\d+)\/(\d+)\/(\d+)$/.exec(ref) ?? [];
  if (!channel) return ref;
  const reply = await call({ method: "GET", path: `/channels/${channel}/messages/${message}` }, env);
  if ("trouble" in reply) return lateFile("Discord did not answer.");
  if (reply.status !== 200)
    return refusedFile(reply.status, `Discord refused the file: ${refusalOf(reply).said}.`);
  const { attachments } = (reply.json ?? {}) as { attachments?: { id: string; url: string }[] };
  const url = Array.isArray(attachments) && attachments.find((file) => file?.id === id)?.url;
  return typeof url === "string" ? url : noFile("The file is not there any more.");
}

/** A proxy of the API may also hold the files. */
function isDiscords(url: string, { vars }: ChannelEnv): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname, origin } = new URL(url);
  if (vars.DISCORD_API_ROOT && origin === new URL(apiRoot(vars)).origin) return true;
  return protocol === "https:" && HOSTS.includes(hostname);
}
