import { REST } from "@discordjs/rest";
import { WebSocketManager, WebSocketShardEvents } from "@discordjs/ws";
import type { GatewayDispatchPayload, GatewayReadyDispatchData } from "discord-api-types/v10";
import { type Channels, type FromGateway, fromGateway, learn } from "../../channels/discord/gateway.ts";
import type { ConnectorState, Result } from "../../channels/frames.ts";
import type { Connector, Host } from "../connector.ts";
import type { GatewaySession } from "./session.ts";

export interface DiscordOptions {
  token: string;
  /** Which events Discord tells: https://discord.com/developers/docs/events/gateway#gateway-intents */
  intents: number;
  /** Another API than Discord's, for tests; without the version. */
  api?: string;
}

/**
 * Discord's Gateway: plain messages, mentions and direct messages, which come by no webhook. What is said goes from the
 * Worker to Discord itself.
 */
export class DiscordGateway implements Connector {
  readonly channel = "discord";
  readonly #session: GatewaySession;
  readonly #host: Host;
  readonly #rest: REST;
  readonly #manager: WebSocketManager;
  readonly #channels: Channels = new Map();
  #botId = "";
  /** Events one after the other: a thread may have to be asked for first. */
  #last: Promise<void> = Promise.resolve();
  #state: Omit<ConnectorState, "channel"> = { state: "connecting" };

  constructor(session: GatewaySession, host: Host, { token, intents, api }: DiscordOptions) {
    this.#session = session;
    this.#host = host;
    this.#rest = new REST({ version: "10", ...(api ? { api } : {}) }).setToken(token);
    this.#manager = new WebSocketManager({
      token,
      intents,
      rest: this.#rest,
      shardCount: 1,
      retrieveSessionInfo: () => session.current,
      updateSessionInfo: (_, info) => session.reach(info),
    });
  }

  start(): void {
    const on = this.#manager;
    on.on(WebSocketShardEvents.Ready, (data) => this.#ready(data));
    on.on(WebSocketShardEvents.Resumed, () => this.#change({ ...this.#state, state: "ready" }));
    on.on(WebSocketShardEvents.Closed, () => this.#change({ ...this.#state, state: "connecting" }));
    on.on(WebSocketShardEvents.Dispatch, (payload) => this.#follow(payload));
    on.on(WebSocketShardEvents.Error, (error) => this.#failed(error));
    // The library connects again by itself.
    on.on(WebSocketShardEvents.SocketError, () => undefined);
    on.connect().catch((error: Error) => this.#failed(error));
  }

  async stop(): Promise<void> {
    this.#session.leave();
    // 4200 is no goodbye: the session can be resumed.
    await this.#manager.destroy({ code: 4200, reason: "The companion ends." });
    await this.#last;
    this.#session.close();
  }

  state(): ConnectorState {
    return { channel: this.channel, ...this.#state };
  }

  async run(): Promise<Result> {
    return { outcome: "failed", reason: "Discord is spoken to by the Worker itself." };
  }

  async hint(): Promise<void> {
    // The Worker shows typing itself.
  }

  #ready({ user }: GatewayReadyDispatchData): void {
    this.#botId = user.id;
    this.#host.say(`Discord: connected as ${user.username}.`);
    this.#change({ state: "ready", account: user.username });
  }

  #follow(payload: GatewayDispatchPayload): void {
    this.#last = this.#last
      .then(() => this.#dispatch(payload))
      .catch((error: Error) => this.#host.say(`Discord: an event could not be read (${error.message}).`));
  }

  async #dispatch({ t, d, s }: GatewayDispatchPayload): Promise<void> {
    learn(this.#channels, { t, d });
    const { events, callback } = await this.#read({ t, d });
    for (const event of events) this.#host.event(event);
    if (events.length > 0) this.#state = { ...this.#state, lastEventAt: this.#host.now() };
    this.#session.stored(s);
    if (callback) await this.#rest.post(callback.path as `/${string}`, { body: callback.json, auth: false });
  }

  /** What is said in a thread that nobody told us of is read once the thread is known. */
  async #read(event: { t: string; d: unknown }): Promise<FromGateway> {
    const read = fromGateway(event, await this.#bot(), this.#channels, this.#host.now());
    if (!read.unknown) return read;
    learn(this.#channels, { t: "CHANNEL_CREATE", d: await this.#rest.get(`/channels/${read.unknown}`) });
    return fromGateway(event, this.#botId, this.#channels, this.#host.now());
  }

  /** A resumed session does not say again who we are. */
  async #bot(): Promise<string> {
    if (!this.#botId) this.#botId = ((await this.#rest.get("/users/@me")) as { id: string }).id;
    return this.#botId;
  }

  #failed(error: Error): void {
    const problem = `Discord: ${error.message}`.slice(0, 300);
    this.#host.say(problem);
    this.#change({ state: "failed", problem });
  }

  #change(state: Omit<ConnectorState, "channel">): void {
    this.#state = { lastEventAt: this.#state.lastEventAt, ...state };
    this.#host.changed();
  }
}
