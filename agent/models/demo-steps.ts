/** What the demo model knows of one request. */
export interface Asked {
  /** What a person said, without the assistant's name in front. */
  text: string;
  sender: string;
  /** `2026-11-21`, or as the message says it. */
  date: string;
  /** Milliseconds since the epoch. */
  now: number;
  /** The chat's zone, IANA. */
  timezone: string;
  main: boolean;
  assistant: string;
  /** Names of the tools on offer. */
  tools: ReadonlySet<string>;
  /** What the tools answered for this request, oldest first. */
  results: string[];
}

/** A tool to call, or the answer. Undefined: the rule does not apply after all. */
export type Next = { tool: string; args: object } | string | undefined;

export interface Rule {
  pattern: RegExp;
  next(match: RegExpExecArray, asked: Asked): Next;
}

/** One call, then its result as the answer. */
export function tool(name: string, args: object, asked: Asked, say = (result: string) => result): Next {
  const [result] = asked.results;
  if (result === undefined) return { tool: name, args };
  return failed(result) ? result : say(result);
}

export function failed(result: string): boolean {
  return /^(?:Error|The tool failed):/.test(result);
}

/** Without the quotes, backticks or code fence around it. */
export function unquoted(text: string): string {
  const plain = text.trim().replace(/^```\w*\n([\s\S]*?)\n?```$/, "$1");
  return plain.replace(/^(["“'`])([\s\S]*)(["”'`])$/, "$2").trim();
}
