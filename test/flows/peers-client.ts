import type {
  CallQuery,
  DiscordCall,
  FeishuCall,
  ModelRequestSeen,
  ModelStep,
  PeerAddresses,
  TelegramCall,
  TelegramFault,
  WebCall,
  WebPage,
} from "../peers/protocol.ts";

export type {
  DiscordCall,
  FeishuCall,
  ModelRequestSeen,
  ModelStep,
  PeerAddresses,
  TelegramCall,
  TelegramFault,
} from "../peers/protocol.ts";

const WAIT_MS = 30_000;

/** Steers the peers from a test, in workerd or on Node. Waits are conditions with a limit, never pauses. */
export class Peers {
  readonly #control: string;

  constructor(addresses: PeerAddresses) {
    this.#control = addresses.control;
  }

  /** The model's next answers to a conversation whose latest scripted key is this one. Take a unique key per test. */
  async script(key: string, ...steps: ModelStep[]): Promise<void> {
    await this.#ask("script", { key, steps });
  }

  /** Lets everything go on that waits at this gate, now and later. */
  async open(gate: string): Promise<void> {
    await this.#ask("open", { gate });
  }

  /** Waits until so many calls stand at the gate. Throws when the time is up. */
  async held(gate: string, atLeast = 1, timeoutMs = WAIT_MS): Promise<void> {
    if (!(await this.#ask("held", { gate, atLeast, timeoutMs })))
      throw new Error(`nothing came to the gate ${gate}`);
  }

  /** The requests that the model got and that contain this text, in order. */
  requests(containing: string, atLeast = 0, timeoutMs = WAIT_MS): Promise<ModelRequestSeen[]> {
    return this.#ask("requests", { containing, atLeast, timeoutMs }) as Promise<ModelRequestSeen[]>;
  }

  /** What the next calls to a chat meet; each fault once, in order. */
  async fault(chatId: string | number, ...faults: TelegramFault[]): Promise<void> {
    await this.#ask("fault", { chatId, faults });
  }

  /** Puts a file where the bot can download it. */
  async file(fileId: string, content: string): Promise<void> {
    const binary = Array.from(new TextEncoder().encode(content), (byte) => String.fromCharCode(byte)).join(
      "",
    );
    await this.#ask("file", { fileId, base64: btoa(binary) });
  }

  /** The bot's calls, in order; those that people see have the outcome `shown`. */
  calls(query: CallQuery): Promise<TelegramCall[]> {
    return this.#ask("calls", query) as Promise<TelegramCall[]>;
  }

  /** The texts that people see in a chat, in order, after waiting for so many. */
  async shown(chatId: string | number, atLeast = 0, timeoutMs = WAIT_MS): Promise<string[]> {
    const calls = await this.calls({ chatId, atLeast, timeoutMs });
    return calls.filter((call) => call.outcome === "shown").map((call) => String(call.body.text));
  }

  /** Discord has read that the answer to an interaction comes later. */
  async discordWaits(token: string, channelId: string): Promise<void> {
    await this.#ask("discord-defer", { token, channelId });
  }

  /** The next message to this channel is shown, and its answer lost. */
  async discordCuts(channelId: string): Promise<void> {
    await this.#ask("discord-cut", { channelId });
  }

  /** The bot's calls to Discord whose path contains this, in order, after waiting for so many. */
  discordCalls(path: string, atLeast = 0, timeoutMs = WAIT_MS): Promise<DiscordCall[]> {
    return this.#ask("discord-calls", { path, atLeast, timeoutMs }) as Promise<DiscordCall[]>;
  }

  /** What people see in a channel of Discord, the oldest first. */
  discordShown(channelId: string): Promise<string[]> {
    return this.#ask("discord-shown", { channelId }) as Promise<string[]>;
  }

  /** Feishu has a message of a person, so that it can be answered. */
  async feishuAdmits(message: Record<string, unknown>): Promise<void> {
    await this.#ask("feishu-admit", { message });
  }

  /** The next message to this chat of Feishu's is refused with this code. */
  async feishuRefuses(chatId: string, code: number): Promise<void> {
    await this.#ask("feishu-refuse", { chatId, code });
  }

  /** The app's calls to Feishu whose path or body names this, in order, after waiting for so many. */
  feishuCalls(containing: string, atLeast = 0, timeoutMs = WAIT_MS): Promise<FeishuCall[]> {
    return this.#ask("feishu-calls", { containing, atLeast, timeoutMs }) as Promise<FeishuCall[]>;
  }

  /** Puts a page into the web. A page at `/found/QUERY` is the search's answer to that query. */
  async page(page: WebPage): Promise<void> {
    await this.#ask("web-put", { page });
  }

  /** A name of the web leads to these addresses. */
  async name(name: string, addresses: string[]): Promise<void> {
    await this.#ask("web-name", { name, addresses });
  }

  /** What the web and the search were asked whose path contains this, in order. */
  webCalls(containing: string): Promise<WebCall[]> {
    return this.#ask("web-calls", { containing }) as Promise<WebCall[]>;
  }

  async #ask(verb: string, input: object): Promise<unknown> {
    const response = await fetch(`${this.#control}/${verb}`, { method: "POST", body: JSON.stringify(input) });
    if (!response.ok) throw new Error(`peers: ${verb} answered ${response.status}: ${await response.text()}`);
    return response.json();
  }
}

/** Failures that providers make, as steps. */
export const modelFaults = {
  rateLimited: (retryAfter = 0): ModelStep => ({
    error: { status: 429, message: "Rate limit reached", code: "rate_limit_exceeded", retryAfter },
  }),
  broken: (): ModelStep => ({ error: { status: 500, message: "The server had an error" } }),
  unauthorized: (): ModelStep => ({
    error: { status: 401, message: "Incorrect API key", code: "invalid_api_key" },
  }),
  tooLong: (): ModelStep => ({
    error: {
      status: 400,
      code: "context_length_exceeded",
      message:
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
    },
  }),
  stalled: (text: string, after = 2): ModelStep => ({ text, after, trouble: "stall" }),
  cut: (text: string, after = 2): ModelStep => ({ text, after, trouble: "cut" }),
  malformedCall: (name: string): ModelStep => ({ toolCalls: [{ name, arguments: '{"path": "notes' }] }),
  empty: (): ModelStep => ({ text: "" }),
};
