import { REST } from "@discordjs/rest";
import { type SessionInfo, WebSocketManager, WebSocketShardEvents } from "@discordjs/ws";
import type { GatewayDispatchPayload, GatewayReadyDispatchData } from "discord-api-types/v10";
import { type Channels, type FromGateway, fromGateway, learn } from "../../channels/discord/gateway.ts";
import type { ConnectorState } from "../../channels/frames.ts";
import type { Connector, Host } from "../connector.ts";
import { patiently } from "../patience.ts";
import { Standing } from "../standing.ts";
import type { GatewaySession } from "./session.ts";
import { isOfStatus, isPassing, problemOf } from "./trouble.ts";

export interface DiscordOptions {
  token: string;
  /** Which events Discord tells: https://discord.com/developers/docs/events/gateway#gateway-intents */
  intents: number;
  /** Another API than Discord's, for tests; without the version. */
  api?: string;
  /** What did not work is tried again after so many milliseconds, then ever more slowly [1 s]. */
  againMs?: number;
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
  readonly #againMs: number | undefined;
  readonly #channels: Channels = new Map();
  readonly #standing: Standing;
  readonly #end = new AbortController();
  #botId = "";
  /** How the connection was closed last. */
  #code: number | undefined;
  /** Events one after the other: a thread may have to be asked for first. */
  #last: Promise<void> = Promise.resolve();

  constructor(session: GatewaySession, host: Host, { token, intents, api, againMs }: DiscordOptions) {
    this.#session = session;
    this.#host = host;
    this.#againMs = againMs;
    this.#standing = new Standing(this.channel, host);
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
    on.on(WebSocketShardEvents.Hello, () => this.#session.greeted());
    on.on(WebSocketShardEvents.Ready, (data) => this.#ready(data));
    on.on(WebSocketShardEvents.Resumed, () => this.#resumed());
    on.on(WebSocketShardEvents.Closed, (code) => this.#closed(code));
    on.on(WebSocketShardEvents.Dispatch, (payload) => this.#follow(payload));
    on.on(WebSocketShardEvents.Error, (error) => this.#failed(error));
    // The library connects again by itself.
    on.on(WebSocketShardEvents.SocketError, () => this.#session.broke());
    void this.#connect();
  }

  async stop(): Promise<void> {
    this.#session.leave();
    this.#end.abort();
    // 4200 is no goodbye: the session can be resumed.
    await this.#manager.destroy({ code: 4200, reason: "The companion ends." });
    await this.#last;
    this.#session.close();
  }

  state(): ConnectorState {
    return this.#standing.now;
  }

  /** Once it was connected the library sees to that; the first time it gives up at once. */
  #connect(): Promise<void> {
    return patiently(() => this.#manager.connect(), {
      signal: this.#end.signal,
      firstMs: this.#againMs,
      passes: (error) => !this.#isOver() && !isOfStatus(error, 401),
      failed: (error) => this.#trouble("connecting", problemOf(error)),
    }).catch((error: Error) => this.#failed(error));
  }

  #ready({ user }: GatewayReadyDispatchData): void {
    this.#botId = user.id;
    this.#host.say(`Discord: connected as ${user.username}.`);
    this.#standing.change({ state: "ready", account: user.username });
  }

  #resumed(): void {
    this.#standing.change({ state: "ready", account: this.#standing.now.account });
  }

  #closed(code: number): void {
    this.#session.broke(code);
    this.#code = code;
    this.#standing.change({ ...this.#standing.now, state: "connecting" });
  }

  #follow(payload: GatewayDispatchPayload): void {
    const place = this.#session.current;
    this.#last = this.#last
      .then(() => this.#dispatch(payload, place))
      .catch((error: Error) => this.#host.say(`Discord: an event could not be read (${error.message}).`));
  }

  /** What is left undone at the end comes again: the place in the session stays before it. */
  async #dispatch({ t, d }: GatewayDispatchPayload, place: SessionInfo | null): Promise<void> {
    if (this.#end.signal.aborted) return;
    learn(this.#channels, { t, d });
    const read = await this.#readPatiently({ t, d });
    if (this.#end.signal.aborted) return;
    for (const event of read?.events ?? []) this.#host.event(event);
    if (read?.events.length) this.#standing.heard();
    this.#session.stored(place);
    const { path, json } = read?.callback ?? {};
    if (path) await this.#rest.post(path as `/${string}`, { body: json, auth: false });
  }

  /** Undefined for what Discord will not let us read, which is told. */
  #readPatiently(event: { t: string; d: unknown }): Promise<FromGateway | undefined> {
    const { signal } = this.#end;
    const say = (error: Error, what: string) =>
      this.#host.say(`Discord: an event could not be read${what} (${error.message}).`);
    return patiently(() => this.#read(event), {
      signal,
      firstMs: this.#againMs,
      passes: isPassing,
      failed: (error) => say(error, " yet"),
    }).catch((error: Error) => {
      if (!signal.aborted) say(error, "");
      return undefined;
    });
  }

  /** What is said where nobody told us of is read once that is known: a resumed session does not tell all again. */
  async #read(event: { t: string; d: unknown }): Promise<FromGateway> {
    const read = fromGateway(event, await this.#bot(), this.#channels, this.#host.now());
    if (!read.unknown) return read;
    learn(this.#channels, { t: "CHANNEL_CREATE", d: await this.#get(`/channels/${read.unknown}`) });
    return fromGateway(event, this.#botId, this.#channels, this.#host.now());
  }

  /** A resumed session does not say again who we are. */
  async #bot(): Promise<string> {
    if (!this.#botId) this.#botId = ((await this.#get("/users/@me")) as { id: string }).id;
    return this.#botId;
  }

  #get(path: `/${string}`): Promise<unknown> {
    return this.#rest.get(path, { signal: this.#end.signal });
  }

  #failed(error: Error): void {
    if (!this.#end.signal.aborted && !this.#isOver()) this.#trouble("failed", problemOf(error, this.#code));
  }

  #trouble(state: "connecting" | "failed", problem: string): void {
    if (problem !== this.#standing.now.problem) this.#host.say(problem);
    this.#standing.change({ state, problem });
  }

  /** Discord wants something else before it lets us in. */
  #isOver(): boolean {
    return this.#standing.now.state === "failed";
  }
}
