import { GrammyError } from "grammy/web";
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
import { apiOf } from "./api.ts";
import { apiRoot } from "./root.ts";

/**
 * Fetches a file by its `file_id`. Bots may fetch none above 20 MB: https://core.telegram.org/bots/api#getfile.
 * The file's URL holds the token: it never leaves this function.
 */
export async function download(attachment: Attachment, env: ChannelEnv): Promise<Download> {
  if ((attachment.size ?? 0) > FILE_CAP) return TOO_LARGE;
  try {
    const file = await apiOf(env).getFile(attachment.ref);
    if (!file.file_path) return noFile("Telegram does not give this file.");
    if ((file.file_size ?? 0) > FILE_CAP) return TOO_LARGE;
    const url = `${apiRoot(env.vars)}/file/bot${env.vars.TELEGRAM_BOT_TOKEN}/${file.file_path}`;
    return await fetchFile(url, env, "Telegram");
  } catch (error) {
    // Errors of fetch may hold the URL: only what Telegram itself says is passed on.
    if (!(error instanceof GrammyError)) return lateFile("Telegram did not answer.");
    const said = `Telegram refused the file: ${error.description}`;
    return refusedFile(error.error_code, said.replaceAll(env.vars.TELEGRAM_BOT_TOKEN ?? "\0", "[token]"));
  }
}
