/** Larger files are not fetched, whatever the platform allows. */
export const FILE_CAP = 20 * 1024 * 1024;
const TIMEOUT_MS = 60_000;

/** A file, or why there is none; `afterMs`: it may come then. */
export type Download =
  | { ok: true; body: ReadableStream<Uint8Array>; size?: number }
  | { ok: false; reason: string; afterMs?: number };

/**
 * Fetches a file of a platform as a stream that fails above 20 MB. Follows no redirect. Rejects when nothing answers;
 * that error may hold the address.
 */
export async function fetchFile(
  url: string,
  { fetch }: { fetch(url: string, init: RequestInit): Promise<Response> },
  platform: string,
): Promise<Download> {
  const response = await fetch(url, { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
  const size = Number(response.headers.get("content-length") ?? Number.NaN);
  if (response.ok && response.body && !(size > FILE_CAP)) {
    return {
      ok: true,
      body: response.body.pipeThrough(capped()),
      size: Number.isNaN(size) ? undefined : size,
    };
  }
  await response.body?.cancel();
  const { ok, status } = response;
  return ok ? TOO_LARGE : refusedFile(status, `${platform} answered ${status} for the file.`);
}

export function noFile(reason: string): Download {
  return { ok: false, reason };
}

/** One that may come later. */
export function lateFile(reason: string, afterMs = 1000): Download {
  return { ok: false, reason, afterMs };
}

export function refusedFile(status: number, reason: string): Download {
  return status === 429 || status >= 500 ? lateFile(reason) : noFile(reason);
}

export const TOO_LARGE = noFile("The file is larger than 20 MB, the most that is fetched.");

/** Passes bytes on and fails the stream when there are more than the cap. */
export function capped(): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > FILE_CAP) controller.error(new Error("The file is larger than 20 MB."));
      else controller.enqueue(chunk);
    },
  });
}
