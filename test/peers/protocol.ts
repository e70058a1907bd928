/** What tests and peers say to each other. All of it is JSON: tests run in workerd, the peers on Node. */

/** One answer of the scripted model. */
export interface ModelStep {
  text?: string;
  /** `arguments` as a string is sent as it is, also when it is no JSON. */
  toolCalls?: { name: string; arguments: Record<string, unknown> | string; id?: string }[];
  /** Instead of an answer. `retryAfter` is in seconds. */
  error?: { status: number; message?: string; code?: string; retryAfter?: number };
  /** Characters a chunk [20]. */
  chunkSize?: number;
  /** Milliseconds between two chunks. */
  paceMs?: number;
  finishReason?: string;
  usage?: { prompt_tokens: number; completion_tokens: number };
  /** After so many chunks (the first one carries only the role) `trouble` comes; 0 is before the first byte. */
  after?: number;
  /** `stall`: it sends nothing more; `cut`: the connection breaks; `gate`: it waits until the test opens the gate of that name. */
  trouble?: "stall" | "cut" | { gate: string };
  /** The step answers every later request too. */
  forever?: boolean;
}

/** A request that the model got. */
export interface ModelRequestSeen {
  /** Milliseconds since the epoch. */
  at: number;
  /** The script that answered it; absent for the echo. */
  key?: string;
  /** Place of the step in its script. */
  step?: number;
  /** The client went away before the answer was complete. */
  aborted: boolean;
  authorization?: string;
  /** The body's size as it was sent. */
  bytes: number;
  body: ModelRequestBody;
}

export interface ModelRequestBody {
  model: string;
  messages: { role: string; content: unknown; tool_calls?: unknown; tool_call_id?: string }[];
  tools?: { type: string; function: { name: string; description?: string; parameters?: unknown } }[];
  stream?: boolean;
  max_tokens?: number;
  max_completion_tokens?: number;
  temperature?: number;
}

/** What the next calls of one chat meet instead of Telegram's usual answer. */
export type TelegramFault =
  /** Telegram refuses: nothing is shown. `body` is merged into the answer, e.g. `{ parameters: { retry_after: 1 } }`. */
  | { status: number; description: string; body?: Record<string, unknown>; method?: string }
  /** `before`: the connection breaks and nothing is shown. `after`: it is shown, and the answer never comes. */
  | { cut: "before" | "after"; method?: string }
  /** The call waits until the test opens the gate, then goes on as usual. */
  | { gate: string; method?: string };

/** A file in a call; `text` is its bytes read as UTF-8. */
export interface SentFile {
  field: string;
  name: string;
  type: string;
  size: number;
  text: string;
}

/** A call that the bot made; files stand in the body as `files`. */
export interface TelegramCall {
  /** When it arrived and when its effect was there, in milliseconds since the epoch. */
  began: number;
  at: number;
  method: string;
  chatId: string;
  body: Record<string, unknown>;
  /** `shown`: people see its effect. */
  outcome: "shown" | "refused" | "lost";
  status: number;
  messageId?: number;
}

/** Which calls of a chat a test asks for. `atLeast` waits for so many, or until the time is up. */
export interface CallQuery {
  chatId?: string | number;
  /** Default: sendMessage. `*` is every method. */
  method?: string;
  atLeast?: number;
  timeoutMs?: number;
}

/** A call that the bot made to Discord. The path begins after the version. */
export interface DiscordCall {
  /** Milliseconds since the epoch. */
  at: number;
  method: string;
  path: string;
  body: Record<string, unknown>;
  status: number;
}

/** A call that the app made to Feishu. The path begins after `/open-apis`. */
export interface FeishuCall {
  method: string;
  path: string;
  body: Record<string, unknown>;
  status: number;
}

/** A page that the web has. The path may hold a query. */
export interface WebPage {
  path: string;
  status?: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A request that the web or the search got. */
export interface WebCall {
  method: string;
  path: string;
  headers: Record<string, string | undefined>;
}

/** Where the peers listen. */
export interface PeerAddresses {
  /** For `API_BASE`. */
  modelBase: string;
  /** For `TELEGRAM_API_ROOT`. */
  telegramRoot: string;
  /** For `TELEGRAM_BOT_TOKEN`. */
  telegramToken: string;
  /** For the variables of Discord; `channel` is one that the bot is in, `privateKey` (PKCS 8, base64) signs for it. */
  discord: {
    root: string;
    token: string;
    application: string;
    channel: string;
    publicKey: string;
    privateKey: string;
  };
  /** For the variables of Feishu. */
  feishu: { root: string; appId: string; appSecret: string; botOpenId: string };
  /** The web's root, and for BRAVE_API_BASE, DNS_RESOLVER and WEB_FETCH_ALLOW. */
  web: { root: string; search: string; resolver: string; host: string };
  /** An MCP server, for `MCP_SERVERS`. */
  mcp: string;
  /** For `Peers` in peers-client.ts. */
  control: string;
}
