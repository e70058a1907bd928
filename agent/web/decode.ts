/** How far a page may wait with saying its charset: https://html.spec.whatwg.org/#prescan-a-byte-stream-to-determine-its-encoding */
const PRESCAN = 1024;

/**
 * Bytes as text: by a byte order mark, then the header's charset, then what the page says of itself, then UTF-8, and
 * Latin for old pages that say nothing and are no UTF-8. An unknown charset counts as none.
 */
export function decode(bytes: Uint8Array, contentType: string): string {
  const charset = byMark(bytes) ?? parameter(contentType) ?? byMeta(bytes);
  const decoder = charset && decoderFor(charset);
  if (decoder) return decoder.decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

function byMark([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  return first === 0xfe && second === 0xff ? "utf-16be" : undefined;
}

function parameter(contentType: string): string | undefined {
  return /charset\s*=\s*["']?([^\s;"']+)/i.exec(contentType)?.[1];
}

/** `<meta charset>`, `<meta http-equiv content="…; charset=…">`, or an XML declaration. */
function byMeta(bytes: Uint8Array): string | undefined {
  const head = new TextDecoder("windows-1252").decode(bytes.subarray(0, PRESCAN));
  const said =
    /<meta[^>]+charset\s*=\s*["']?([\w-]+)/i.exec(head) ?? /<\?xml[^>]+encoding=["']([\w-]+)/i.exec(head);
  // A page that could be read so far is not in UTF-16, whatever it says.
  return said?.[1]?.replace(/^utf-16.*/i, "utf-8");
}

function decoderFor(charset: string): TextDecoder | undefined {
  try {
    return new TextDecoder(charset);
  } catch {
    return undefined;
  }
}
