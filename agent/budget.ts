import type { ChatMessage, ToolSpec } from "./model.ts";

/** Tokens that a picture costs at most with the usual providers. */
const IMAGE_TOKENS = 1600;
/** What a message's frame costs. */
const MESSAGE_TOKENS = 6;

/**
 * Tokens of a request, on the high side: a reservation must not be too small. Three characters of Latin text, or one
 * of a script that packs more into a character, count as a token.
 */
export function estimateTokens(request: { messages: ChatMessage[]; tools: ToolSpec[] }): number {
  const tools = request.tools.reduce((sum, tool) => sum + textTokens(JSON.stringify(tool)), 0);
  return request.messages.reduce((sum, message) => sum + messageTokens(message), tools);
}

/** Tokens of a text, on the high side. */
export function textTokens(text: string): number {
  let units = 0;
  for (let index = 0; index < text.length; index++) units += text.charCodeAt(index) < 0x250 ? 1 : 3;
  return Math.ceil(units / 3);
}

function messageTokens(message: ChatMessage): number {
  const calls = message.role === "assistant" ? textTokens(JSON.stringify(message.toolCalls)) : 0;
  const images = message.role === "user" ? (message.images?.length ?? 0) * IMAGE_TOKENS : 0;
  return MESSAGE_TOKENS + textTokens(message.content) + calls + images;
}
