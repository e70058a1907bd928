/** A webhook's body as text, or the status to refuse it with. Stops reading at the cap. */
export async function readBody(
  request: Request,
  cap: number,
): Promise<{ text: string } | { status: 400 | 413 }> {
  if (Number(request.headers.get("content-length") ?? 0) > cap) return { status: 413 };
  const reader = request.body?.getReader();
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  let text = "";
  let size = 0;
  try {
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
      size += chunk.value.byteLength;
      if (size > cap) {
        await reader?.cancel();
        return { status: 413 };
      }
      text += decoder.decode(chunk.value, { stream: true });
    }
    return { text: text + decoder.decode() };
  } catch {
    return { status: 400 };
  }
}
