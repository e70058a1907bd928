import { GLOBAL, HOME } from "../notebook.ts";

/** What the demo model knows of a moment. */
export interface Asked {
  /** The last message, without the assistant's name in front. */
  text: string;
  sender: string;
  /** `November 21, 2026`. */
  today: string;
  main: boolean;
  assistant: string;
  tools: Set<string>;
  /** What the tools answered since the last message, oldest first. */
  results: string[];
}

/** A tool to call, or the answer. Undefined: the rule does not apply after all. */
type Next = { tool: string; args: object } | string | undefined;

export interface Rule {
  pattern: RegExp;
  next(match: RegExpExecArray, asked: Asked): Next;
}

/** One tool, then its result as the answer. */
function once(tool: string, args: object, asked: Asked, say: (result: string) => string): Next {
  return asked.results.length === 0 ? { tool, args } : say(asked.results.at(-1)!);
}

const fenced = (result: string) => `\`\`\`\n${result.replaceAll("```", "'''")}\n\`\`\``;

/** The sentences that are understood, first match first. */
export const RULES: Rule[] = [
  {
    pattern: /^(?:please\s+)?remember(?:\s+this)?(\s+globally)?(?:\s+that|\s*[:,])?\s+([\s\S]+)/i,
    next: (match, asked) => remember(match[2]!.trim(), asked, match[1] !== undefined),
  },
  {
    pattern:
      /^(?:please\s+)?remind me (?:in|every|at|on|tomorrow)\b|^every (?:\d+|minute|hour|day|morning|evening|monday|week)/i,
    next: (_, asked) => remind(asked),
  },
  {
    pattern: /^(?:list|show)(?: all| my)?(?: scheduled)? (?:tasks|reminders)/i,
    next: (_, asked) => once("list_tasks", {}, asked, (result) => result),
  },
  {
    pattern:
      /^what do you (?:know|remember)|what(?:'s| is) in my notes|^(?:show )?(?:my )?(?:notes|memory)\??$/i,
    next: (_, asked) => know(asked),
  },
  {
    pattern: /^(?:please\s+)?(?:run|execute)(?:\s+the\s+command)?[:\s]+`{0,3}([\s\S]+?)`{0,3}$/i,
    next: (match, asked) => once("bash", { command: match[1]!.trim() }, asked, fenced),
  },
  {
    pattern: /^(?:please\s+)?write\s+([\s\S]+?)\s+(?:to|into)\s+(?:the\s+)?(?:file\s+)?(\S+)$/i,
    next: (match, asked) =>
      once("write_file", { path: match[2]!, content: `${unquoted(match[1]!)}\n` }, asked, (result) => result),
  },
  {
    pattern: /^(?:read|show|open)\s+(?:the\s+)?(?:file\s+)?(\S+\.\w+)$/i,
    next: (match, asked) => once("read_file", { path: match[1]! }, asked, fenced),
  },
  {
    pattern: /^(?:list|show)(?: all| my| the)? files|^what files|^ls$/i,
    next: (_, asked) =>
      once("list_dir", { path: HOME }, asked, (result) => result || "There are no files yet."),
  },
  {
    pattern: /^(?:search|recall|find)(?: for)?\s+([\s\S]+)|^what did (?:i|we|\w+) say about\s+([\s\S]+)/i,
    next: (match, asked) =>
      once("recall", { query: (match[1] ?? match[2])!.replace(/\?+$/, "") }, asked, (result) => result),
  },
  {
    pattern: /^add group\s+([\s\S]+)/i,
    next: (match, asked) => once("register_group", { name: unquoted(match[1]!) }, asked, (result) => result),
  },
  {
    pattern: /^remove group\s+([\s\S]+)/i,
    next: (match, asked) => once("remove_group", { name: unquoted(match[1]!) }, asked, (result) => result),
  },
  {
    pattern: /^(?:list|show)(?: all)? groups/i,
    next: (_, asked) => once("list_groups", {}, asked, (result) => result),
  },
  {
    pattern: /^(?:send|say)\s+([\s\S]+?)\s+to\s+(?:group\s+)?"([^"]+)"$/i,
    next: (match, asked) =>
      once("send_message", { text: unquoted(match[1]!), to: match[2]! }, asked, (result) => result),
  },
  {
    pattern: /^(?:hi|hello|hey|good (?:morning|evening|day)|hallo|你好)\b/i,
    next: (_, asked) => `Hello ${asked.sender}! I am ${asked.assistant}. ${HINT}`,
  },
];

const HINT =
  "The built-in demo model answers until a key is set (`API_KEY`, or `API_BASE` for a local model). Say “help” to see what I understand.";

/** Reads the memory file first, so that the new line is added to what is there. */
function remember(fact: string, asked: Asked, globally: boolean): Next {
  const path = `${asked.main || globally ? GLOBAL : HOME}/MEMORY.md`;
  const [before, written] = asked.results;
  if (before === undefined) return { tool: "read_file", args: { path } };
  if (written !== undefined)
    return /^Error|^The tool failed/.test(written) ? written : `I will remember that: ${fact}`;
  const line = `- ${asked.today} ${asked.sender}: ${fact}\n`;
  const absent = before.startsWith("Error: No such file");
  return absent ? { tool: "write_file", args: { path, content: `# Memory\n\n${line}` } } : append(path, line);
}

/** The shell appends without knowing the file's end. */
function append(path: string, line: string): Next {
  return { tool: "bash", args: { command: `printf '%s\\n' ${quoted(line.trimEnd())} >> ${path}` } };
}

function know(asked: Asked): Next {
  const paths = [`${GLOBAL}/MEMORY.md`, `${HOME}/MEMORY.md`];
  const next = paths[asked.results.length];
  if (next) return { tool: "read_file", args: { path: next } };
  const found = asked.results.filter((result) => !result.startsWith("Error"));
  return found.length > 0
    ? found.map((text) => text.trim()).join("\n\n")
    : "I know nothing yet. Say: remember that …";
}

/** “remind me in 10 seconds to stretch”, “every minute say hi”. */
function remind(asked: Asked): Next {
  if (asked.results.length > 0) return asked.results.at(-1)!;
  const once =
    /^(?:please\s+)?remind me in (\d+|an?) (second|minute|hour|day)s?(?: to| that|:)?\s+([\s\S]+)/i.exec(
      asked.text,
    );
  const every =
    /^(?:remind me )?every (\d+)?\s*(second|minute|hour|day)s?(?: to| that|:|,)?\s+([\s\S]+)/i.exec(
      asked.text,
    );
  const found = once ?? every;
  if (!found) return "I understand “remind me in 10 seconds to …” and “every minute …”.";
  const amount = Number.parseInt(found[1] ?? "1", 10) || 1;
  const ms =
    amount *
    { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 }[found[2]!.toLowerCase() as "second"]!;
  const args = once
    ? { schedule_type: "once", in_ms: ms }
    : { schedule_type: "interval", schedule_value: String(ms) };
  return { tool: "schedule_task", args: { message: found[3]!.trim(), ...args } };
}

function unquoted(text: string): string {
  return text.trim().replace(/^["“'`](.*)["”'`]$/s, "$1");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
