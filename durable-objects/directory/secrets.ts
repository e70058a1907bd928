import { createHash } from "node:crypto";

/** What is kept of a code or token: its SHA-256, as hex. */
export function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** A code as people type it: any case, with spaces or hyphens. */
export function asCode(typed: string): string {
  return typed.toUpperCase().replace(/[^A-Z0-9]/g, "");
}

/** A name as it is looked up: one form of each letter, lower case, one kind of space. */
export function keyOf(name: string): string {
  return name.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}

/** A stranger's title as we may repeat it: one line, no quotes, 64 characters. */
export function tidy(title: string): string {
  const line = title
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}"“”`<>]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
  return [...line].slice(0, 64).join("");
}
