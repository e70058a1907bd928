import { GrammyError } from "grammy/web";
import type { Attachment, Channel, ChannelEnv } from "../channel.ts";
import { apiOf, apiRoot } from "./api.ts";

/** Bots may fetch no larger files. https://core.telegram.org/bots/api#getfile */
const CAP = 20 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

type Download = Awaited<ReturnType<Channel["download"]>>;

/** Fetches a file by its `file_id`. The file's URL holds the token: it never leaves this function. */
export async function download(attachment: Attachment, env: ChannelEnv): Promise<Download> {
  if ((attachment.size ?? 0) > CAP) return tooLarge;
  try {
    const file = await apiOf(env).getFile(attachment.ref);
    if (!file.file_path) return no("Telegram does not give this file.");
    if ((file.file_size ?? 0) > CAP) return tooLarge;
    return await bytes(`${apiRoot(env.vars)}/file/bot${env.vars.TELEGRAM_BOT_TOKEN}/${file.file_path}`, env);
  } catch (error) {
    // Errors of fetch may hold the URL: only what Telegram itself says is passed on.
    const said = error instanceof GrammyError ? `Telegram refused the file: ${error.description}` : undefined;
    return no(said?.replaceAll(env.vars.TELEGRAM_BOT_TOKEN ?? "\0", "[token]") ?? "Telegram did not answer.");
  }
}

async function bytes(url: string, { fetch }: ChannelEnv): Promise<Download> {
  const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
  const size = Number(response.headers.get("content-length") ?? Number.NaN);
  if (response.ok && response.body && !(size > CAP)) {
    return {
      ok: true,
      body: response.body.pipeThrough(capped()),
      size: Number.isNaN(size) ? undefined : size,
    };
  }
  await response.body?.cancel();
  return response.ok ? tooLarge : no(`Telegram answered ${response.status} for the file.`);
}

/** Passes bytes on and fails the stream when there are more than the cap. */
function capped(): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > CAP) controller.error(new Error("The file is larger than 20 MB."));
      else controller.enqueue(chunk);
    },
  });
}

function no(reason: string): Download {
  return { ok: false, reason };
}

const tooLarge = no("The file is larger than 20 MB, the most that a Telegram bot may fetch.");
