/** A webhook's body as it was sent, or the status to refuse it with. Stops reading at the cap. */
export async function readBytes(
  request: Request,
  cap: number,
): Promise<{ bytes: Uint8Array<ArrayBuffer> } | { status: 400 | 413 }> {
  if (Number(request.headers.get("content-length") ?? 0) > cap) return { status: 413 };
  const reader = request.body?.getReader();
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  try {
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
      size += chunk.value.byteLength;
      if (size > cap) {
        await reader?.cancel();
        return { status: 413 };
      }
      chunks.push(chunk.value);
    }
    return { bytes: new Uint8Array(await new Blob(chunks).arrayBuffer()) };
  } catch {
    return { status: 400 };
  }
}

/** The same as text; 400 where it is no UTF-8. */
export async function readBody(
  request: Request,
  cap: number,
): Promise<{ text: string } | { status: 400 | 413 }> {
  const body = await readBytes(request, cap);
  if ("status" in body) return body;
  const text = textOf(body.bytes);
  return text === undefined ? { status: 400 } : { text };
}

/** Bytes as text, undefined where they are no UTF-8. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return undefined;
  }
}
