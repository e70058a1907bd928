import type { Refusal } from "./journal.ts";
import type { ChatMessage, ModelChoice, ToolSpec, Usage } from "./model.ts";

/** Tokens that a picture costs at most with the usual providers. */
const IMAGE_TOKENS = 5000;
/** What a message's frame costs. */
const MESSAGE_TOKENS = 6;

/**
 * Tokens of a request, on the high side: a reservation must not be too small. Three characters of Latin text, or one
 * digit or character of another script, count as a token; a picture counts as the largest one.
 */
export function estimateTokens(request: { messages: ChatMessage[]; tools: ToolSpec[] }): number {
  const tools = request.tools.reduce((sum, tool) => sum + textTokens(JSON.stringify(tool)), 0);
  return request.messages.reduce((sum, message) => sum + messageTokens(message), tools);
}

/** Tokens of a text, on the high side; never more than it has UTF-16 units. */
export function textTokens(text: string): number {
  let thirds = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const digit = code >= 0x30 && code <= 0x39;
    thirds += code < 0x250 && !digit ? 1 : 3;
  }
  return Math.ceil(thirds / 3);
}

function messageTokens(message: ChatMessage): number {
  const calls =
    message.role === "assistant" && message.toolCalls.length > 0
      ? textTokens(JSON.stringify(message.toolCalls))
      : 0;
  const images = message.role === "user" ? (message.images?.length ?? 0) * IMAGE_TOKENS : 0;
  return MESSAGE_TOKENS + textTokens(message.content) + calls + images;
}

/** An amount of both currencies. */
export interface Amount {
  usd: number;
  tokens: number;
}

/** What a call costs or may cost. Without a known price it has none in USD, and its tokens alone count. */
export interface Cost extends Amount {
  priced: boolean;
}

/** One budget: what may be spent in its scope, and what is spent or reserved there. */
export interface Scope {
  scope: Refusal["scope"];
  limit: Amount;
  spent: Amount;
}

/** What so many tokens cost, by the price that the usage brings or the model has. */
export function costOf(
  usage: Pick<Usage, "inputTokens" | "outputTokens" | "cachedTokens" | "usd">,
  choice: Pick<ModelChoice, "price">,
): Cost {
  const usd = usage.usd ?? choice.price(usage);
  return { usd: usd ?? 0, tokens: usage.inputTokens + usage.outputTokens, priced: usd !== undefined };
}

/** Which budget a cost would break, the narrowest first; undefined where it fits into all. */
export function refusal(cost: Cost, scopes: readonly Scope[]): Refusal | undefined {
  for (const { scope, limit, spent } of scopes) {
    if (cost.priced && spent.usd + cost.usd > limit.usd) return { scope, kind: "usd" };
    if (spent.tokens + cost.tokens > limit.tokens) return { scope, kind: "tokens" };
  }
  return undefined;
}

/** The larger share of a budget that is spent, in percent. Nothing spent is 0 of any budget. */
export function percentSpent(spent: Amount, limit: Amount): number {
  return Math.max(share(spent.usd, limit.usd), share(spent.tokens, limit.tokens)) * 100;
}

function share(spent: number, limit: number): number {
  return spent <= 0 ? 0 : spent / limit;
}
