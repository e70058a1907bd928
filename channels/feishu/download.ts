import type { Attachment, ChannelEnv } from "../channel.ts";
import { capped, type Download, FILE_CAP, lateFile, noFile, TOO_LARGE } from "../fetch-file.ts";
import { callForBytes } from "./api.ts";
import { isPassing } from "./lookups.ts";

const TIMEOUT_MS = 60_000;

/**
 * Fetches a file by the message that carries it: `ref` is `messageId/image|file/key`. Feishu would give 100 MB.
 * https://open.feishu.cn/document/server-docs/im-v1/message/get-2
 */
export async function download({ ref, size = 0 }: Attachment, env: ChannelEnv): Promise<Download> {
  if (size > FILE_CAP) return TOO_LARGE;
  const [messageId, type, key, more] = ref.split("/");
  if (!messageId || !key || more !== undefined || (type !== "image" && type !== "file"))
    return noFile("This is no file of Feishu's.");
  const path = `/im/v1/messages/${encodeURIComponent(messageId)}/resources/${encodeURIComponent(key)}?type=${type}`;
  try {
    const response = await callForBytes(env, { method: "GET", path, timeoutMs: TIMEOUT_MS });
    if (response instanceof Response) return await bytesOf(response);
    return (isPassing(response) ? lateFile : noFile)(response.reason);
  } catch {
    return lateFile("Feishu did not answer.");
  }
}

async function bytesOf(response: Response): Promise<Download> {
  const told = response.headers.get("content-length");
  const size = told === null ? {} : { size: Number(told) };
  if (response.body && !((size.size ?? 0) > FILE_CAP))
    return { ok: true, body: response.body.pipeThrough(capped()), ...size };
  await response.body?.cancel();
  return response.body ? TOO_LARGE : noFile("Feishu gave an empty file.");
}
