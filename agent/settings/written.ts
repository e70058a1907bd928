import type { Hours } from "./hours.ts";
import type { Mount } from "./mounts.ts";

/** A setting as a person, a model or a program writes it. */
export type Written = string | number | boolean | null | readonly (string | Mount)[] | Hours;

/** What can't be taken over, in a sentence for whoever wrote it. */
export class Refused extends Error {}

export function text(written: Written, what: string, longest: number): string {
  const line = typeof written === "string" ? written.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, " ").trim() : "";
  if (line !== "" && [...line].length <= longest && line.isWellFormed()) return line;
  throw new Refused(`${what} has 1 to ${longest} characters.`);
}

export function yesOrNo(written: Written, name: string): boolean {
  if (typeof written === "boolean") return written;
  if (typeof written === "string" && /^(?:yes|true|on|1)$/i.test(written.trim())) return true;
  if (typeof written === "string" && /^(?:no|false|off|0)$/i.test(written.trim())) return false;
  throw new Refused(`${name} is yes or no.`);
}

export function oneOf<T extends string>(written: Written, choices: readonly T[], name: string): T {
  const chosen = choices.find((choice) => choice === String(written).trim().toLowerCase());
  if (chosen) return chosen;
  throw new Refused(`${name} is ${choices.join(" or ")}.`);
}

/** The chosen number, or a sentence with its bounds. */
export function amount(
  written: Written,
  name: string,
  { least = 0, most, unit, whole = false }: { least?: number; most: number; unit: string; whole?: boolean },
): number {
  const number = typeof written === "string" && written.trim() !== "" ? Number(written) : written;
  const fits = typeof number === "number" && number >= least && number <= most;
  if (fits && (!whole || Number.isInteger(number))) return number;
  throw new Refused(
    `${name} is ${whole ? "a whole number" : "a number"} from ${least} to ${most}, in ${unit}.`,
  );
}
