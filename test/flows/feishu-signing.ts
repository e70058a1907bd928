const bytesOf = (text: string) => new TextEncoder().encode(text);
const sha256 = (text: string) => crypto.subtle.digest("SHA-256", bytesOf(text));

/** Encrypts as Feishu does, by WebCrypto. */
export async function encrypted(value: unknown, encryptKey: string): Promise<{ encrypt: string }> {
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const key = await crypto.subtle.importKey("raw", await sha256(encryptKey), "AES-CBC", false, ["encrypt"]);
  const text = bytesOf(JSON.stringify(value));
  const secret = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-CBC", iv }, key, text));
  return { encrypt: btoa(Array.from([...iv, ...secret], (byte) => String.fromCharCode(byte)).join("")) };
}

/** The headers of a body that Feishu signed now. */
export async function signed(body: string, encryptKey: string): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const digest = new Uint8Array(await sha256(`${timestamp}nonce${encryptKey}${body}`));
  const signature = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return {
    "x-lark-request-timestamp": timestamp,
    "x-lark-request-nonce": "nonce",
    "x-lark-signature": signature,
  };
}
