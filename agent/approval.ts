import type { Tool } from "./tools/tool.ts";
import type { Trust } from "./trust.ts";

/** A call that is about to run. */
export interface Called {
  tool: Pick<Tool, "name" | "carries">;
  args: unknown;
  /** The label of the turn that makes it. */
  trust: Trust;
}

/** Why, of a turn that has read text from outside. */
export const FROM_OUTSIDE =
  "the conversation has read text from outside, and this would carry text out of the chat";

/** Begins a mark that is about a command of `bash`. */
const COMMAND = "bash:";

/**
 * Why a call waits for somebody's yes, as the end of a sentence; undefined where it does not. Two rules: what main
 * marked for this group, and what would carry private text out of it in a turn that has read text from outside.
 * @param marks names of tools, with `*` for anything, and `bash:PATTERN` for commands
 */
export function needsApproval({ tool, args, trust }: Called, marks: readonly string[]): string | undefined {
  if (marks.some((mark) => isMarked(mark, tool.name, args))) return "this chat wants to be asked before it";
  return trust === "outside" && tool.carries?.(args as never) ? FROM_OUTSIDE : undefined;
}

function isMarked(mark: string, name: string, args: unknown): boolean {
  if (!mark.startsWith(COMMAND)) return glob(mark, "^", "$").test(name);
  return name === "bash" && runs(mark.slice(COMMAND.length), (args as { command?: unknown }).command);
}

/**
 * Whether a command line holds the pattern at the start of a word. It rather asks once too often: in text that is only
 * quoted too. Quotes and backslashes count as absent; what a shell puts together from variables is not seen.
 */
function runs(pattern: string, command: unknown): boolean {
  if (typeof command !== "string") return true;
  const plain = (text: string) =>
    text
      .replace(/['"\\]/g, "")
      .replace(/\s+/g, " ")
      .trim();
  return glob(plain(pattern), String.raw`(?:^|[^\w.-])`, String.raw`(?![\w-])`).test(plain(command));
}

/** `*` is any text. */
function glob(pattern: string, before: string, after: string): RegExp {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`${before}${parts.join("[\\s\\S]*")}${after}`, "iu");
}

/** The same in words for people: what is to run, so that nothing of it can hide. */
export function shownCall(tool: string, input: string): string {
  const text = tool === "bash" ? (commandIn(input) ?? pretty(input)) : pretty(input);
  return visibly(text);
}

function commandIn(input: string): string | undefined {
  const { command, ...rest } = parsed(input) as { command?: unknown };
  return typeof command === "string" && Object.keys(rest).length === 0 ? command : undefined;
}

function pretty(input: string): string {
  const value = parsed(input);
  return Object.keys(value).length > 0 ? JSON.stringify(value, null, 2) : input;
}

function parsed(input: string): object {
  try {
    return Object(JSON.parse(input));
  } catch {
    return {};
  }
}

/** Characters that are not seen, or that turn the direction of what is, are written out. */
function visibly(text: string): string {
  return text.replace(
    /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`,
  );
}
