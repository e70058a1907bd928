import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { clearScreenDown, createInterface, cursorTo, type Interface, moveCursor } from "node:readline";
import { styleText } from "node:util";
import type { Target } from "./client.ts";
import { Conversation, type Outcome } from "./conversation.ts";
import { readSettings } from "./local/settings.ts";
import { Seen } from "./seen.ts";
import { Trouble } from "./trouble.ts";
import { Writer } from "./writer.ts";

const PROMPT = "> ";
const HISTORY = 500;
/** What people type to end a talk. */
const FAREWELL = /^\s*\/?(exit|quit)\s*$/i;

/** Says one thing and prints the answer; without text, talks until the input ends or says exit. Throws `Trouble` without an answer. */
export async function agent(target: Target, text: string): Promise<void> {
  const terminal = !text.trim() && Boolean(process.stdin.isTTY && process.stdout.isTTY);
  let show = (message: string) => console.log(message);
  const conversation = new Conversation(target, seenOf(target), terminal ? (said) => show(said) : undefined);
  await conversation.open();
  try {
    if (text.trim()) return await sayOnce(conversation, text);
    // Before the first line is read: nobody would hear a line that comes meanwhile.
    if (terminal) await greet(conversation);
    const lines = openLines(terminal);
    show = (message) => showAbove(lines, message);
    await talk(conversation, lines, terminal);
  } finally {
    conversation.close();
  }
}

function seenOf({ url, local }: Target): Seen {
  const { stateDir } = readSettings(process.env);
  return new Seen(existsSync(stateDir) ? join(stateDir, "cli-seen") : undefined, local ? "local" : url);
}

async function greet(conversation: Conversation): Promise<void> {
  console.log(styleText("dim", "Talk to your assistant. /help lists commands, exit ends."));
  await conversation.catchUp();
}

/** Prints above the prompt, and leaves what is being typed as it is. */
function showAbove(lines: Interface, message: string): void {
  const { rows } = lines.getCursorPos();
  moveCursor(process.stdout, 0, -rows);
  cursorTo(process.stdout, 0);
  clearScreenDown(process.stdout);
  // The prompt is drawn again as many rows higher as it was high.
  process.stdout.write(`${message}\n${"\n".repeat(rows)}`);
  lines.prompt(true);
}

async function sayOnce(conversation: Conversation, text: string): Promise<void> {
  const outcome = await conversation.exchange(text);
  if (outcome.note) throw new Trouble(reasonOf(outcome));
  console.log(outcome.replies.join("\n\n"));
}

function reasonOf({ note, replies }: Outcome): string {
  return replies.at(-1) ?? `The message ended without an answer (${note}).`;
}

async function talk(conversation: Conversation, lines: Interface, terminal: boolean): Promise<void> {
  let busy = false;
  let ended = false;
  lines.once("close", () => {
    ended = true;
  });
  lines.on("SIGINT", () => {
    if (!busy) return lines.close();
    // A second Ctrl-C ends the talk, whatever the turn does.
    busy = false;
    conversation.stop();
  });
  if (terminal) lines.prompt();
  for await (const line of lines) {
    if (FAREWELL.test(line)) break;
    busy = true;
    if (line.trim()) await answer(conversation, line, terminal);
    busy = false;
    if (terminal && !ended) lines.prompt();
  }
}

/** One exchange of a talk. A refusal is told and the talk goes on; the exit code remembers it. */
async function answer(conversation: Conversation, line: string, terminal: boolean): Promise<void> {
  const writer = new Writer(terminal);
  try {
    const outcome = await conversation.exchange(line, writer);
    for (const reply of outcome.replies) writer.said(reply);
    if (outcome.note) process.exitCode = 1;
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

function openLines(terminal: boolean): Interface {
  const file = join(readSettings(process.env).stateDir, "cli-history");
  const history = terminal && existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
  const output = terminal ? process.stdout : undefined;
  const lines = createInterface({
    input: process.stdin,
    output,
    terminal,
    history,
    historySize: HISTORY,
    prompt: terminal ? PROMPT : "",
  });
  if (terminal && existsSync(join(file, ".."))) {
    lines.on("history", (kept) => writeFileSync(file, `${kept.join("\n")}\n`, { mode: 0o600 }));
  }
  return lines;
}
