import { createHash } from "node:crypto";
import { textOf } from "../body.ts";
import { sameSecret } from "../secret.ts";

/** How far the request's time may be from ours. The platform signs each delivery anew. */
const WINDOW_MS = 5 * 60_000;

/** The three headers of a signed request. */
export interface Signature {
  timestamp: string;
  nonce: string;
  signature: string;
}

/** The request's signature; undefined where a header is missing. */
export function signatureOf({ headers }: Request): Signature | undefined {
  const timestamp = headers.get("x-lark-request-timestamp");
  const nonce = headers.get("x-lark-request-nonce");
  const signature = headers.get("x-lark-signature");
  return timestamp && nonce !== null && signature ? { timestamp, nonce, signature } : undefined;
}

/** Whether the signature was made within five minutes of `now` (milliseconds). */
export function isRecent({ timestamp }: Signature, now: number): boolean {
  return /^\d{1,12}$/.test(timestamp) && Math.abs(Number(timestamp) * 1000 - now) <= WINDOW_MS;
}

/**
 * Whether the bytes were signed with the encrypt key: SHA-256 over timestamp, nonce, key and body.
 * https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/encrypt-key-encryption-configuration-case
 */
export async function isSigned(
  bytes: Uint8Array<ArrayBuffer>,
  { timestamp, nonce, signature }: Signature,
  encryptKey: string,
): Promise<boolean> {
  const hash = createHash("sha256").update(timestamp + nonce + encryptKey);
  return sameSecret(signature.toLowerCase(), hash.update(bytes).digest("hex"));
}

/**
 * What `encrypt` holds: base64 of a 16-byte IV and AES-256-CBC of the event, under the SHA-256 of the encrypt key.
 * Undefined where it cannot be decrypted.
 */
export async function decrypt(encrypted: string, encryptKey: string): Promise<string | undefined> {
  try {
    const bytes = Uint8Array.from(atob(encrypted), (character) => character.charCodeAt(0));
    const secret = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(encryptKey));
    const key = await crypto.subtle.importKey("raw", secret, "AES-CBC", false, ["decrypt"]);
    const how = { name: "AES-CBC", iv: bytes.slice(0, 16) };
    return textOf(new Uint8Array(await crypto.subtle.decrypt(how, key, bytes.slice(16))));
  } catch {
    return undefined;
  }
}
