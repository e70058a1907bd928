import { GLOBAL, HOME } from "../notebook.ts";
import { type Asked, failed, type Next, type Rule, tool, unquoted } from "./demo-steps.ts";
import { TASK_RULES } from "./demo-tasks.ts";

const REMEMBER =
  "(?:please )?(?:remember|don['’]t forget|keep in mind)(?: this)?|(?:bitte )?merk(?:e)? dir|recuerda|souviens-toi|rappelle-toi|ricorda|lembr[ae](?:-se)?|запомни|请?记住|請?記住";
const THAT = "(?: that(?= )| que(?= )| dass(?= )| che(?= )| de(?= )| что(?= ))?";

/** The sentences that are understood, first match first. */
export const RULES: Rule[] = [
  {
    pattern: new RegExp(`^(?:${REMEMBER})( globally)?[,，]?${THAT}[:：,，]?\\s*([\\s\\S]+)$`, "iu"),
    next: ([, globally, fact], asked) =>
      fact!.endsWith("?") ? undefined : remember(fact!, asked, globally !== undefined),
  },
  ...TASK_RULES,
  {
    pattern:
      /^what (?:do|did) you (?:know|remember)|what(?:['’]s| is) in (?:my|the|your) (?:notes|memory)|^(?:show |read )?(?:me )?(?:my |your )?(?:notes|memory)[.!?]*$|^was weißt du|^你(?:知道|记得)什么/i,
    next: (_, asked) => know(asked),
  },
  {
    pattern: /^(?:please )?(?:run|execute)(?: the)?(?: command)?[: ]\s*([\s\S]+)|^\$ ([\s\S]+)/i,
    next: (match, asked) => tool("bash", { command: unquoted(match[1] ?? match[2]!) }, asked, fenced),
  },
  {
    pattern: /^(?:please )?(?:write|save|put) ([\s\S]+?) (?:to|into|in)(?: the| a)?(?: file)? (\S+)$/i,
    next: ([, text, path], asked) => write(path!, text!, asked),
  },
  {
    pattern:
      /^(?:please )?(?:write|create|make)(?: to| into)?(?: the| a)? ?file (\S+?)(?::| with(?: the)?(?: text| content)?)\s+([\s\S]+)$/i,
    next: ([, path, text], asked) => write(path!, text!, asked),
  },
  {
    pattern: /^(?:please )?(?:read|show|open|cat)(?: me)?(?: the)?(?: file (\S+)| (\S*[./]\S+))$/i,
    next: (match, asked) => tool("read_file", { path: pathOf(match[1] ?? match[2]!) }, asked, fenced),
  },
  {
    pattern:
      /^(?:list|show)(?: me)?(?: all| my| the)* files(?: (?:in|of|under)(?: the folder)? (\S+))?|^(?:what|which) files|^ls$/i,
    next: ([, folder], asked) => tool("list_dir", { path: folder ? pathOf(folder) : HOME }, asked),
  },
  {
    pattern:
      /^(?:please )?(?:search|recall|find|look up)(?: for)? ([\s\S]+)|^(?:what|when) did (?:i|we|he|she|they|you|\S+) (?:say|tell you|write|mention)(?: about)? ([\s\S]+)/i,
    next: (match, asked) =>
      tool("recall", { query: unquoted((match[1] ?? match[2]!).replace(/[?!.]+$/, "")) }, asked),
  },
  {
    pattern: /^(?:add|register)(?: the)? group:? ([\s\S]+)/i,
    next: ([, name], asked) => tool("register_group", { name: unquoted(name!) }, asked),
  },
  {
    pattern: /^(?:remove|unregister|delete)(?: the)? group:? ([\s\S]+)/i,
    next: ([, name], asked) => tool("remove_group", { name: unquoted(name!) }, asked),
  },
  {
    pattern: /^(pause|resume)(?: the)? group:? ([\s\S]+)/i,
    next: ([, verb, name], asked) => {
      const settings = { paused: verb!.toLowerCase() === "pause" };
      return tool("configure_group", { name: unquoted(name!), settings }, asked);
    },
  },
  {
    pattern:
      /^(?:please )?(?:set|change)(?: the)? ([\w -]+?) (?:of|for|in)(?: the)? group (["“][^"”]+["”]|\S+) to ([\s\S]+)$/i,
    next: ([, key, name, value], asked) => {
      const settings = { [key!]: unquoted(value!) };
      return tool("configure_group", { name: unquoted(name!), settings }, asked);
    },
  },
  {
    pattern: /^(?:show|describe)(?: me)?(?: the)? group:? ([\s\S]+)/i,
    next: ([, name], asked) => tool("configure_group", { name: unquoted(name!) }, asked),
  },
  {
    pattern: /^(?:list|show)(?: me)?(?: all| my| the)* groups|^(?:what|which) groups/i,
    next: (_, asked) => tool("list_groups", {}, asked),
  },
  {
    pattern: /^(?:send|say) ([\s\S]+?) to (?:the )?(?:group )?(["“][^"”]+["”]|\w+:\S+)$/i,
    next: ([, text, to], asked) => tool("send_message", { text: unquoted(text!), to: unquoted(to!) }, asked),
  },
  { pattern: /^(?:help|what can you do|how do you work|hilfe|ayuda|aide|帮助|幫助|\?)/i, next: () => HELP },
  {
    pattern:
      /^(?:(?:hi|hello|hey|hallo|hola|bonjour|ciao|olá|good (?:morning|evening|afternoon|day)|guten \w+)(?!\p{L})|привет|你好|こんにちは)/iu,
    next: (_, asked) => `Hello ${asked.sender}! I am ${asked.assistant}. ${DEMO}`,
  },
  { pattern: /^(?:thanks|thank you|thx|danke|gracias|merci|谢谢)/i, next: () => "You are welcome." },
];

const DEMO =
  "The built-in demo model answers until a key is set: put `API_KEY` (or `API_BASE` for a local model) into the environment and start again. Say “help” to see what I understand.";

const HELP = [
  "I am the built-in demo model and know only a few sentences, but the tools behind them are real:",
  "- “remember that the bins go out on Tuesday”, “what do you know?”",
  "- “write hello to notes.txt”, “read notes.txt”, “list files”, “run ls -la”",
  "- “search bins”, “what did I say about the bins?”",
  "- “remind me in 10 seconds to stretch”, “remind me tomorrow at 9 to call Bob”, “every minute say hi”",
  "- “list my tasks”, “show task 3”, “pause task 3”, “resume task 3”, “cancel task 3”",
  "- in the main chat: “list groups”, “add group Family Chat”, “list all tasks”",
  "For a real model set `API_KEY` (or `API_BASE` for a local one) and start again.",
].join("\n");

/** The answer to everything that no rule knows. */
export const FALLBACK =
  "I am the built-in demo model and did not understand that: I know only a few sentences, such as “remember that the bins go out on Tuesday”, “what do you know?” or “run ls”. " +
  "Say “help” for all of them. For a real model set `API_KEY` (or `API_BASE` for a local one) and start again.";

/** What to say where a tool is not on offer. */
export function missing(name: string): string {
  if (/group/.test(name)) return "Groups are managed in the main chat only.";
  return `That needs the tool ${name}, which is not on offer in this chat.`;
}

function write(path: string, text: string, asked: Asked): Next {
  return tool("write_file", { path: pathOf(path), content: `${unquoted(text)}\n` }, asked);
}

/** Reads the memory file first, so that the new line is added to what is there. */
function remember(fact: string, asked: Asked, globally: boolean): Next {
  const path = `${asked.main || globally ? GLOBAL : HOME}/MEMORY.md`;
  const [before, written] = asked.results;
  if (before === undefined) return { tool: "read_file", args: { path } };
  if (written !== undefined) return /^(?:Wrote|Edited)/.test(written) ? `I will remember: ${fact}` : written;
  const line = `- ${asked.date} ${asked.sender}: ${fact.replace(/\s+/g, " ")}`;
  if (/^\[lines? .*\]$/m.test(before)) return `${path} is too long for the demo model. Shorten it first.`;
  const known = before.startsWith("Error: No such file") || before === "(empty file)" ? "# Memory\n" : before;
  if (failed(known)) return known;
  return {
    tool: "write_file",
    args: { path, content: `${known.trimEnd()}\n${known === "# Memory\n" ? "\n" : ""}${line}\n` },
  };
}

function know({ results }: Asked): Next {
  const next = [`${GLOBAL}/MEMORY.md`, `${HOME}/MEMORY.md`][results.length];
  if (next) return { tool: "read_file", args: { path: next } };
  const found = results.filter((result) => !failed(result) && result !== "(empty file)");
  return found.length > 0
    ? found.map((text) => text.trim()).join("\n\n")
    : "I know nothing yet. Say: remember that …";
}

function fenced(result: string): string {
  return `\`\`\`\n${result.replaceAll("```", "'''")}\n\`\`\``;
}

function pathOf(word: string): string {
  return unquoted(word.replace(/(?<=.)[?!,;:]+$|(?<=\w)\.$/, ""));
}
