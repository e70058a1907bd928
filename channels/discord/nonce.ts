/** Longest nonce: https://discord.com/developers/docs/resources/message#create-message */
export const NONCE = 25;

/** The nonce of a send key: always the same one, and another for every other key. */
export async function nonceOf(key: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key));
  const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return BigInt(`0x${hex}`).toString(36).slice(0, NONCE);
}
