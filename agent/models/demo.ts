import { textTokens } from "../budget.ts";
import { parseCatchUp } from "../catch-up.ts";
import type { ChatMessage, Model, ModelEvent, ModelRequest, ToolCall } from "../model.ts";
import { type Asked, RULES } from "./demo-rules.ts";

/** Characters that one streamed piece has. */
const PIECE = 12;

/**
 * The model of an install without a key: a few sentences are understood and lead to the real tools, everything else to
 * a word on how to set a key. It costs nothing and asks nobody.
 */
export function demoModel(): Model {
  return { stream };
}

async function* stream(request: ModelRequest): AsyncIterable<ModelEvent> {
  const reply = replyTo(request);
  for (const piece of piecesOf(reply.content)) {
    if (request.signal.aborted) return yield aborted();
    yield { type: "text", delta: piece };
    await new Promise((done) => setTimeout(done, 0));
  }
  if (request.signal.aborted) return yield aborted();
  const usage = { inputTokens: 0, outputTokens: 0 };
  yield { type: "done", ...reply, usage, model: "demo", cut: false };
}

/** What the demo model says and calls next. Exported for its tests: pure. */
export function replyTo(request: Pick<ModelRequest, "messages" | "tools">): {
  content: string;
  toolCalls: ToolCall[];
} {
  const asked = read(request);
  for (const rule of RULES) {
    const match = rule.pattern.exec(asked.text);
    const step = match && rule.next(match, asked);
    if (!step) continue;
    if (typeof step === "string") return { content: step, toolCalls: [] };
    return asked.tools.has(step.tool) ? call(asked, step) : { content: missing(step.tool), toolCalls: [] };
  }
  return { content: FALLBACK, toolCalls: [] };
}

function call(
  asked: Asked,
  step: { tool: string; args: object },
): { content: string; toolCalls: ToolCall[] } {
  return {
    content: "",
    toolCalls: [
      {
        id: `demo-${asked.results.length}-${textTokens(asked.text)}`,
        name: step.tool,
        arguments: JSON.stringify(step.args),
      },
    ],
  };
}

/** The last thing that a person said, and what the tools answered since. */
function read({ messages, tools }: Pick<ModelRequest, "messages" | "tools">): Asked {
  const last = messages.findLastIndex((message) => message.role === "user");
  const content = last < 0 ? "" : (messages[last] as ChatMessage & { role: "user" }).content;
  const said = parseCatchUp(content).at(-1);
  const system = messages.find((message) => message.role === "system")?.content ?? "";
  return {
    text: (said?.text ?? content).trim().replace(/^@\S+[,:]?\s+/, ""),
    sender: said?.sender ?? "someone",
    today: /\(It is \w+, (\w+ \d+, \d+)/.exec(content)?.[1] ?? "",
    main: system.includes("This is the main chat, the owner's"),
    assistant: /^You are (.+?), an assistant/.exec(system)?.[1] ?? "the assistant",
    tools: new Set(tools.map((tool) => tool.name)),
    results: messages
      .slice(last + 1)
      .filter((message) => message.role === "tool")
      .map((message) => message.content),
  };
}

const FALLBACK =
  "I am the built-in demo model: I know only a few sentences. Try “remember that the bins go out on Tuesday”, “what do you know?”, “run ls”, " +
  "“write hello to notes.txt”, “list files” or “search bins”. For a real model set `API_KEY` (or `API_BASE` for a local one) and start again.";

function missing(tool: string): string {
  if (tool.startsWith("schedule") || tool.endsWith("tasks"))
    return "Reminders and tasks are not part of this version yet.";
  return `That needs the tool ${tool}, which is not offered in this chat.`;
}

function piecesOf(text: string): string[] {
  return text.match(new RegExp(`[\\s\\S]{1,${PIECE}}`, "gu")) ?? [];
}

function aborted(): ModelEvent {
  const failure = { kind: "aborted", message: "the call was stopped" } as const;
  return { type: "error", failure, usage: { inputTokens: 0, outputTokens: 0 }, model: "demo" };
}
