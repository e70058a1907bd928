import { setTimeout as sleep } from "node:timers/promises";
import type { WSClient } from "@larksuiteoapi/node-sdk";
import type { ConnectorState } from "../../channels/frames.ts";
import type { Connector, Host } from "../connector.ts";
import { Standing } from "../standing.ts";

export interface FeishuOptions {
  appId: string;
  appSecret: string;
  /** Where the cloud's API lives, without `/open-apis`. */
  domain: string;
  /** What is not connected by then is begun anew, in milliseconds [20 s]. */
  againMs?: number;
}

/** The one kind of event that the Worker reads. */
const MESSAGE = "im.message.receive_v1";
const REACTION = "im.message.reaction.created_v1";
/**
 * Feishu takes an event back that was not acknowledged within three seconds, and delivers it again later.
 * https://open.feishu.cn/document/server-docs/event-subscription-guide/event-subscription-configure-/request-url-configuration-case
 */
const PATIENCE_MS = 2500;
/** The SDK gives some errors up, and waits for minutes after a first try that failed. */
const AGAIN_MS = 20_000;
/** So many failures in a row are no passing trouble. */
const PASSING = 3;
/** The server is gone when it says nothing for so many seconds after a ping. */
const PONG_S = 10;

/** What the SDK logs may hold texts and tickets. */
const silent = () => undefined;
const logger = { error: silent, warn: silent, info: silent, debug: silent, trace: silent };

/**
 * Feishu's long connection, for an install without a public address. An event is acknowledged once its group has it; one
 * that takes longer waits on the disk, and comes again, which the group knows. What is said goes from the Worker to Feishu.
 */
export class FeishuConnection implements Connector {
  readonly channel = "feishu";
  readonly #options: FeishuOptions;
  readonly #host: Host;
  #client: WSClient | undefined;
  #again: NodeJS.Timeout | undefined;
  #stopped = false;
  #failures = 0;
  readonly #standing: Standing;

  constructor(options: FeishuOptions, host: Host) {
    this.#options = options;
    this.#host = host;
    this.#standing = new Standing(this.channel, host);
  }

  start(): void {
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.start(), this.#options.againMs ?? AGAIN_MS);
    this.#begin().catch((error: Error) => this.#failed(error));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#again);
    this.#client?.close({ force: true });
  }

  state(): ConnectorState {
    return this.#standing.now;
  }

  /** The SDK is large: it is loaded where it is used. It connects again by itself. */
  async #begin(): Promise<void> {
    const { EventDispatcher, WSClient } = await import("@larksuiteoapi/node-sdk");
    if (this.#stopped) return;
    const { appId, appSecret, domain } = this.#options;
    const eventDispatcher = new EventDispatcher({ logger }).register({
      [MESSAGE]: (event: unknown) => this.#heard(event),
      [REACTION]: (event: unknown) => this.#heard(event),
    });
    this.#client?.close({ force: true });
    this.#client = new WSClient({
      ...{ appId, appSecret, domain, logger, handshakeTimeoutMs: 15_000, wsConfig: { pingTimeout: PONG_S } },
      onReady: () => this.#ready(),
      onReconnected: () => this.#ready(),
      onReconnecting: () => this.#standing.change({ state: "connecting" }),
      onError: (error) => this.#failed(error),
    });
    await this.#client.start({ eventDispatcher });
  }

  /** Rejects when Feishu is to deliver it again. */
  async #heard(event: unknown): Promise<void> {
    const settled = this.#host.raw(this.channel, chatOf(event), event);
    this.#standing.heard();
    const end = new AbortController();
    const late = sleep(PATIENCE_MS, undefined, { signal: end.signal }).then(() => {
      throw new Error("The Worker does not have it yet.");
    });
    await Promise.race([settled, late]).finally(() => end.abort());
  }

  #ready(): void {
    clearTimeout(this.#again);
    this.#failures = 0;
    this.#host.say("Feishu: connected.");
    this.#standing.change({ state: "ready" });
  }

  #failed(error: Error): void {
    if (this.#stopped) return;
    const problem = `Feishu: ${error.message}`.slice(0, 300);
    if (problem !== this.#standing.now.problem) this.#host.say(problem);
    this.#standing.change({ state: ++this.#failures < PASSING ? "connecting" : "failed", problem });
    clearTimeout(this.#again);
    this.#again = setTimeout(() => this.start(), this.#options.againMs ?? AGAIN_MS);
  }
}

/** The messages of a chat follow each other. */
function chatOf(event: unknown): string {
  const chat = (event as { message?: { chat_id?: unknown } } | undefined)?.message?.chat_id;
  return typeof chat === "string" ? chat : "";
}
