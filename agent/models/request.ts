import type {
  ChatCompletionCreateParamsStreaming,
  ChatCompletionMessageParam,
} from "openai/resources/chat/completions";
import type { ChatMessage, ModelRequest } from "../model.ts";
import { parsedObject } from "./assemble.ts";

/** Parameters that not every server takes. */
export interface Dialect {
  /** The name that the limit of the answer goes by. */
  limit: "max_tokens" | "max_completion_tokens";
  temperature: boolean;
  usage: boolean;
}

/** OpenAI's reasoning models: they take no temperature but their own. */
const REASONING = /^(o[134]|gpt-[5-9])(?![a-z])/i;

/** What is known of a model's parameters before the first request. */
export function dialectOf(provider: string, model: string): Dialect {
  const reasoning = REASONING.test(model.slice(model.lastIndexOf("/") + 1));
  const renamed = provider === "openai" || (provider === "custom" && reasoning);
  return { limit: renamed ? "max_completion_tokens" : "max_tokens", temperature: !reasoning, usage: true };
}

/**
 * What a server's own refusal teaches: the dialect to try instead, or undefined where it is about something else.
 * Each lesson can be learned once, so this ends.
 */
export function learned(dialect: Dialect, message: string): Dialect | undefined {
  if (dialect.limit === "max_tokens" && message.includes("max_completion_tokens"))
    return { ...dialect, limit: "max_completion_tokens" };
  if (dialect.temperature && /\btemperature\b/i.test(message)) return { ...dialect, temperature: false };
  if (dialect.usage && /stream_options|include_usage/i.test(message)) return { ...dialect, usage: false };
  return undefined;
}

/** The request as the wire wants it. */
export function bodyOf(
  model: string,
  request: ModelRequest,
  dialect: Dialect,
): ChatCompletionCreateParamsStreaming {
  const tools = request.tools.map((tool) => ({ type: "function" as const, function: { ...tool } }));
  return {
    model,
    messages: request.messages.filter(saysSomething).map(wire),
    ...(tools.length > 0 ? { tools } : {}),
    [dialect.limit]: request.maxTokens,
    ...(dialect.temperature ? { temperature: request.temperature } : {}),
    stream: true,
    ...(dialect.usage ? { stream_options: { include_usage: true } } : {}),
  };
}

/** Several providers refuse a message of the assistant that is empty. */
function saysSomething(message: ChatMessage): boolean {
  return message.role !== "assistant" || message.content.trim() !== "" || message.toolCalls.length > 0;
}

function wire(message: ChatMessage): ChatCompletionMessageParam {
  switch (message.role) {
    case "system":
      return { role: "system", content: message.content };
    case "user":
      return { role: "user", content: userContent(message) };
    case "tool":
      return { role: "tool", tool_call_id: message.callId, content: message.content };
    case "assistant":
      return assistant(message);
  }
}

function assistant({
  content,
  toolCalls,
}: Extract<ChatMessage, { role: "assistant" }>): ChatCompletionMessageParam {
  if (toolCalls.length === 0) return { role: "assistant", content };
  const tool_calls = toolCalls.map(({ id, name, arguments: args, extra }) => {
    // Some providers parse these again and refuse the whole conversation for a slip of the model.
    const valid = parsedObject(args) ? args : JSON.stringify({ malformed: args });
    return {
      id,
      type: "function" as const,
      function: { name, arguments: valid },
      ...(extra ? { extra_content: extra } : {}),
    };
  });
  return { role: "assistant", content: content.trim() ? content : null, tool_calls };
}

function userContent(message: Extract<ChatMessage, { role: "user" }>) {
  if (!message.images?.length) return message.content;
  const images = message.images.map((image) => ({
    type: "image_url" as const,
    image_url: { url: image.dataUrl },
  }));
  return [{ type: "text" as const, text: message.content }, ...images];
}
