import { parseCatchUp, type Said } from "../catch-up.ts";
import type { ChatMessage, Model, ModelEvent, ModelRequest, ToolCall } from "../model.ts";
import { withoutTrigger } from "../wake.ts";
import { FALLBACK, missing, RULES } from "./demo-rules.ts";
import type { Asked, Next } from "./demo-steps.ts";

/** Characters of one streamed piece. */
const PIECE = 12;
const FREE = { inputTokens: 0, outputTokens: 0 };

/**
 * The model of an install without a key: a few sentences are understood and lead to the real tools, everything else to
 * a word on how to set a key. It costs nothing and asks nobody.
 * @param now milliseconds since the epoch, for reminders
 */
export function demoModel(now: () => number): Model {
  return { stream: (request) => stream(request, now) };
}

async function* stream(request: ModelRequest, now: () => number): AsyncIterable<ModelEvent> {
  const reply = replyTo(request, now());
  for (const piece of piecesOf(reply.content)) {
    if (request.signal.aborted) return yield aborted();
    yield { type: "text", delta: piece };
    await new Promise((done) => setTimeout(done, 0));
  }
  if (request.signal.aborted) return yield aborted();
  yield { type: "done", ...reply, usage: FREE, model: "demo", cut: false };
}

/** What the demo model says and calls next. Pure. */
export function replyTo(
  request: Pick<ModelRequest, "messages" | "tools">,
  now: number,
): { content: string; toolCalls: ToolCall[] } {
  const turn = request.messages.slice(request.messages.findLastIndex(isFinal) + 1);
  const house = houseTask(turn.findLast((message) => message.role === "user")?.content ?? "");
  if (house !== undefined) return { content: house, toolCalls: [] };
  const results = turn.filter((message) => message.role === "tool").map((message) => message.content);
  return replay(requestsOf(turn, request, now), results);
}

/**
 * Goes through what was asked, oldest first, and hands each request the results that its calls had: so a message that
 * joins in the middle of a turn neither loses nor repeats what came before it.
 */
function replay(requests: Asked[], results: string[]): { content: string; toolCalls: ToolCall[] } {
  let used = 0;
  const answers: string[] = [];
  for (const asked of requests) {
    for (;;) {
      const next = nextOf(asked);
      if (typeof next === "string") {
        answers.push(next);
        break;
      }
      const result = results[used];
      if (result === undefined) return { content: "", toolCalls: [call(next, used)] };
      asked.results.push(result);
      used++;
    }
  }
  const understood = answers.filter((answer) => answer !== FALLBACK);
  return {
    content: [...new Set(understood.length > 0 ? understood : [FALLBACK])].join("\n\n"),
    toolCalls: [],
  };
}

function nextOf(asked: Asked): Exclude<Next, undefined> {
  for (const rule of RULES) {
    const match = rule.pattern.exec(asked.text);
    const next = match ? rule.next(match, asked) : undefined;
    if (next === undefined) continue;
    return typeof next === "string" || asked.tools.has(next.tool) ? next : missing(next.tool);
  }
  return FALLBACK;
}

function call(next: { tool: string; args: object }, index: number): ToolCall {
  return { id: `demo_${index}`, name: next.tool, arguments: JSON.stringify(next.args) };
}

/** An answer without calls ended the turn before this one. */
function isFinal(message: ChatMessage): boolean {
  return message.role === "assistant" && message.toolCalls.length === 0;
}

/** The house itself asks to save memories or to sum up; there is nobody to talk to. */
function houseTask(content: string): string | undefined {
  if (content.startsWith("(From the house")) return "NO_REPLY";
  if (/^\(Heartbeat: /m.test(content)) return "HEARTBEAT_OK";
  const conversation = /^<conversation>\n([\s\S]*)\n<\/conversation>$/.exec(content)?.[1];
  return (
    conversation && `The last lines of the conversation before:\n${conversation.slice(-2000).toWellFormed()}`
  );
}

/** What people ask in this turn, oldest first. */
function requestsOf(
  turn: ChatMessage[],
  { messages, tools }: Pick<ModelRequest, "messages" | "tools">,
  now: number,
): Asked[] {
  const system = messages.find((message) => message.role === "system")?.content ?? "";
  const assistant = /^You are (.+?), (?:an|the) assistant/.exec(system)?.[1] ?? "the assistant";
  const names = new Set(tools.map((tool) => tool.name));
  const main = names.has("register_group") || /This is (?:the|a) main/.test(system);
  const everything = main || /in a direct chat/.test(system);
  const said = turn.filter((message) => message.role === "user").map((message) => message.content);
  const date = said.map(dateIn).findLast(Boolean);
  const timezone = said.map(zoneIn).findLast(Boolean) ?? "UTC";
  const common = { now, timezone, main, assistant, tools: names };
  return said
    .flatMap((content) => linesIn(content, assistant, everything))
    .map(({ text, sender, time }) => {
      const asked = withoutTrigger(text, `@${assistant}`).trim();
      return { ...common, text: asked, sender, date: date ?? dayOf(time), results: [] };
    });
}

/** The lines of a message that ask something: all in a direct chat, in a group those with the trigger and the last. */
function linesIn(content: string, assistant: string, everything: boolean): Said[] {
  const lines = parseCatchUp(content);
  const task = /^<task>\n([\s\S]*)\n<\/task>$/m.exec(content)?.[1];
  if (lines.length === 0) return [{ text: task ?? content, sender: "someone", time: "" }];
  const askers = /^\(Only (.+) may ask you something here/m.exec(content)?.[1]?.split(", ");
  const asking = lines.filter(({ sender, time }) =>
    askers ? askers.includes(sender) : !time.endsWith(", outside"),
  );
  return asking.filter((line) => everything || line === asking.at(-1) || hasTrigger(line.text, assistant));
}

/** The day that the prompt states, `2026-11-21`. No text of a person can begin such a line. */
function dateIn(content: string): string | undefined {
  const stated = /^\(It is \w+, (\w+ \d+, \d{4})/m.exec(content)?.[1];
  const day = stated ? new Date(`${stated} UTC`) : undefined;
  return day && !Number.isNaN(day.getTime()) ? day.toISOString().slice(0, 10) : undefined;
}

/** The zone that the prompt states. */
function zoneIn(content: string): string | undefined {
  return /^\(It is .+?, ([\w/+-]+)\. Chat: /m.exec(content)?.[1];
}

/** `Nov 21` of `Nov 21 2:32 PM`. */
function dayOf(time: string): string {
  return time.split(" ").slice(0, 2).join(" ");
}

function hasTrigger(text: string, assistant: string): boolean {
  return withoutTrigger(text, `@${assistant}`) !== text;
}

function piecesOf(text: string): string[] {
  return text.match(new RegExp(`[\\s\\S]{1,${PIECE}}`, "gu")) ?? [];
}

function aborted(): ModelEvent {
  return {
    type: "error",
    failure: { kind: "aborted", message: "the call was stopped" },
    usage: FREE,
    model: "demo",
  };
}
