import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectorState } from "../../channels/frames.ts";
import type { Connector, Host } from "../connector.ts";
import { Standing } from "../standing.ts";
import { Conflict } from "./bot-api.ts";
import { poll } from "./poll.ts";

export interface TelegramOptions {
  token: string;
  apiRoot: string;
  secret: string;
  /** The install's address at this moment. */
  url(): string;
  /** Where another program polls the bot, it is tried again after so many milliseconds [a minute]. */
  conflictMs?: number;
}

const CONFLICT_MS = 60_000;

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
  readonly #standing: Standing;

  constructor(options: TelegramOptions, host: Host) {
    this.#options = options;
    this.#host = host;
    this.#standing = new Standing(this.channel, host);
  }

  start(): void {
    this.#polling = this.#poll().catch((error: Error) => this.#trouble("failed", error));
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#polling;
  }

  state(): ConnectorState {
    return this.#standing.now;
  }

  /** Who polls by hand for a moment ends the polling here, not for good. */
  async #poll(): Promise<void> {
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        this.#standing.change({ state: "ready" });
        await this.#pollOnce();
      } catch (error) {
        if (!(error instanceof Conflict)) throw error;
        this.#trouble("connecting", error);
        await wait(this.#options.conflictMs ?? CONFLICT_MS, signal);
      }
    }
  }

  #pollOnce(): Promise<void> {
    const { url, conflictMs: _, ...options } = this.#options;
    const say = (line: string) => this.#host.say(`Telegram: ${line}`);
    const webhook = () => `${url()}/webhook/telegram`;
    return poll({ ...options, webhook, fetch, say, wait, signal: this.#end.signal });
  }

  #trouble(state: "connecting" | "failed", { message }: Error): void {
    this.#host.say(`Telegram: ${message}`);
    this.#standing.change({ state, problem: message.slice(0, 300) });
  }
}

async function wait(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => undefined);
}
