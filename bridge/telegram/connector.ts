import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectorState, Result } from "../../channels/frames.ts";
import type { Connector, Host } from "../connector.ts";
import { poll } from "./poll.ts";

export interface TelegramOptions {
  token: string;
  apiRoot: string;
  secret: string;
  /** The install's address at this moment. */
  url(): string;
}

/**
 * Telegram for an install without a public address. Updates go to the webhook, which checks them as Telegram's; Telegram
 * keeps them until the Worker has them, so nothing of it is on the companion's disk. Answers need no companion.
 */
export class TelegramPolling implements Connector {
  readonly channel = "telegram";
  readonly #options: TelegramOptions;
  readonly #host: Host;
  readonly #end = new AbortController();
  #polling: Promise<void> | undefined;
  #state: Omit<ConnectorState, "channel"> = { state: "connecting" };

  constructor(options: TelegramOptions, host: Host) {
    this.#options = options;
    this.#host = host;
  }

  start(): void {
    const { url, ...options } = this.#options;
    this.#change({ state: "ready" });
    this.#polling = poll({
      ...options,
      webhook: () => `${url()}/webhook/telegram`,
      fetch,
      say: (line) => this.#host.say(`Telegram: ${line}`),
      wait: (ms, signal) => sleep(ms, undefined, { signal }).catch(() => undefined),
      signal: this.#end.signal,
    }).catch((error: Error) => {
      this.#host.say(`Telegram: ${error.message}`);
      this.#change({ state: "failed", problem: error.message.slice(0, 300) });
    });
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#polling;
  }

  state(): ConnectorState {
    return { channel: this.channel, ...this.#state };
  }

  async run(): Promise<Result> {
    return { outcome: "failed", reason: "Telegram is spoken to by the Worker itself." };
  }

  async hint(): Promise<void> {
    // The Worker shows typing itself.
  }

  #change(state: Omit<ConnectorState, "channel">): void {
    this.#state = state;
    this.#host.changed();
  }
}
