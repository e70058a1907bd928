import { createHash } from "node:crypto";

/** Longest nonce: https://discord.com/developers/docs/resources/message#create-message */
export const NONCE = 25;

/** The nonce of a send key: always the same one, and another for every other key. */
export function nonceOf(key: string): string {
  const hex = createHash("sha256").update(key).digest("hex");
  return BigInt(`0x${hex}`).toString(36).slice(0, NONCE);
}
