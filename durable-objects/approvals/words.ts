import { shownCall } from "../../agent/approval.ts";
import type { Choice } from "../../channels/press.ts";
import { moment } from "../tasks/words.ts";
import type { ApprovalRow } from "./book.ts";

/** Characters of a call that are shown; what is cut is said. */
const SHOWN = 3000;
/** Characters of its hash in a button: a button of another call fits nothing. */
const FINGERPRINT = 16;

/** What people are asked about a call, before it has a number where they are asked. */
export function question({ tool, input, why }: Pick<ApprovalRow, "tool" | "input" | "why">, who: string) {
  const call = shownCall(tool, input);
  const cut = call.length > SHOWN ? `\n… and ${call.length - SHOWN} characters more` : "";
  const shown = call.slice(0, SHOWN).toWellFormed();
  return `I want to use \`${tool}\` for ${who}, and ask because ${why}.\n\n${fenced(shown + cut)}`;
}

/** The whole message: number, call, and how it is answered in words. */
export function asking(row: ApprovalRow, zone: string, chat?: string): string {
  const where = chat === undefined ? "" : ` in "${chat}"`;
  const how = `Answer with /approve #${row.number} or /deny #${row.number}, until ${moment(row.expiresAt, zone)}.`;
  return `**Approval #${row.number}${where}**\n\n${row.asked}\n\n${how}`;
}

export function choicesOf({ number, hash }: ApprovalRow): Choice[] {
  const about = `${number}:${hash.slice(0, FINGERPRINT)}`;
  return [
    { label: "Approve", value: `yes:${about}` },
    { label: "Deny", value: `no:${about}` },
  ];
}

/** What a button says. */
export interface Answer {
  number: number;
  verdict: "approve" | "deny";
  /** The beginning of the call's hash; a person who writes words gives none. */
  fingerprint?: string;
  /** The number under which whoever answers knows it, where that is another chat's. */
  shown?: number;
}

export function answerIn(value: string): Answer | undefined {
  const found = /^(yes|no):(\d{1,9}):([\da-f]{16})$/.exec(value);
  if (!found) return undefined;
  return {
    verdict: found[1] === "yes" ? "approve" : "deny",
    number: Number(found[2]),
    fingerprint: found[3]!,
  };
}

/** `#3`, `3`, `#3 please`; undefined for anything else, such as a pairing code. */
export function numberIn(args: string): number | undefined {
  const found = /^(?:#\s*(\d{1,9})|(\d{1,6}))(?=$|\s|[.!])/.exec(args.trim());
  return found ? Number(found[1] ?? found[2]) : undefined;
}

/** An answer in plain words, such as `approve 3`. */
export function answerInWords(text: string): Answer | undefined {
  const found = /^(?:@\S+[\s,:]+)?(approve|deny)\s+#?\s*(\d{1,9})\s*[.!]?$/i.exec(text.trim());
  if (!found) return undefined;
  return { verdict: found[1]!.toLowerCase() as Answer["verdict"], number: Number(found[2]) };
}

/** `approval #3 (bash)`. */
export function named({ number, tool }: Pick<ApprovalRow, "number" | "tool">): string {
  return `approval #${number} (${tool})`;
}

/** How it stands, as the end of a sentence. */
export function fateOf({ state, decidedBy, endedAt, expiresAt }: ApprovalRow): string {
  switch (state) {
    case "asked":
      return "waits for an answer";
    case "denied":
      return `was denied by ${decidedBy?.name}`;
    case "expired":
      return (endedAt ?? expiresAt) < expiresAt ? "gave way to newer ones" : "was not answered in time";
    case "refused":
      return "was approved, and could not be run any more";
    default:
      return `was approved by ${decidedBy?.name}`;
  }
}

/** The message that asked, with how it ended in the place of how it is answered. */
export function ended(asked: string, row: ApprovalRow): string {
  return `${asked.slice(0, asked.lastIndexOf("\n\n"))}\n\n_It ${fateOf(row)}._`;
}

/** Nothing in the text can close the fence. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}\n${text}\n${fence}`;
}
