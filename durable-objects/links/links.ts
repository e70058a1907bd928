import { DurableObject } from "cloudflare:workers";
import type { Address } from "../../channels/channel.ts";
import { isEnabled, isYes } from "../../channels/enabled.ts";
import type { Answer, Command, Hint } from "../../channels/frames.ts";
import { channels } from "../../channels/index.ts";
import migrations from "../../migrations/links/migrations.js";
import { now } from "../clock.ts";
import { type Config, readConfig } from "../config.ts";
import { openDatabase } from "../database.ts";
import { DIRECTORY } from "../directory/rpc.ts";
import { log, messageOf } from "../log.ts";
import { fetchNamed } from "../outbound.ts";
import { store } from "../store.ts";
import type { Outside } from "./outside.ts";
import { LINE, type LineStatus, type LineVerbs } from "./rpc.ts";
import { Switchboard } from "./switchboard.ts";

/**
 * The one object that holds the companion's socket. It sleeps while the socket is quiet. An object of its own, since a
 * chatty network must not stand in the way of the directory: see docs/decisions/0005-the-companions-line.md.
 */
export class Links extends DurableObject<Env> implements LineVerbs {
  readonly #switchboard: Switchboard;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#switchboard = new Switchboard(outsideOf(ctx, env));
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }

  /** The companion's upgrade; the door checked its token. */
  override async fetch(request: Request): Promise<Response> {
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket")
      return new Response("Connect with a WebSocket.", { status: 426 });
    const pair = new WebSocketPair();
    this.ctx.acceptWebSocket(pair[1]);
    return new Response(null, { status: 101, webSocket: pair[0] });
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    await this.#switchboard.heard(socket, data);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    this.#switchboard.closed(socket);
    // 1005 and 1006 say that no code came; they may not be sent back.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    this.#switchboard.closed(socket);
  }

  override async alarm(): Promise<void> {
    await this.#switchboard.alarm();
  }

  async command(id: string, channel: string, command: Command, asker?: Address): Promise<Answer> {
    return this.#switchboard.command(id, channel, command, asker);
  }

  async hint(channel: string, hint: Hint): Promise<void> {
    this.#switchboard.hint(channel, hint);
  }

  async status(): Promise<LineStatus> {
    return this.#switchboard.status();
  }
}

/** Channels whose events come by the companion. The console's and the CLI's are main: never these. */
const CARRIED = new Set(["whatsapp", "discord"]);

function carries(channel: string, vars: Config["vars"]): boolean {
  const isCarried = CARRIED.has(channel) || (channel === "feishu" && isYes(vars.FEISHU_LONG_CONNECTION));
  return isCarried && isEnabled(channel, vars);
}

function outsideOf(ctx: DurableObjectState, env: Env): Outside {
  const config = readConfig(env);
  const { LOG_LEVEL, vars } = config;
  const { storage } = ctx;
  return {
    db: openDatabase(ctx, migrations),
    now,
    // A socket that said goodbye is listed until its close is answered.
    sockets: () => ctx.getWebSockets().filter((socket) => socket.readyState === WebSocket.OPEN),
    carries: (channel) => carries(channel, vars),
    read: async (channel, event) =>
      channels[channel]?.readRaw?.(event, {
        vars,
        fetch: (...call) => fetch(...call),
        fetchNamed: fetchNamed(config),
        now,
      }),
    receive: async (event) => void (await store(env, event)),
    knock: (address) => env.GROUP.getByName(address).companionBack(),
    tellMain: (key, text) => env.DIRECTORY.getByName(DIRECTORY).tellMain(key, text),
    arm: (at) => void (at === null ? storage.deleteAlarm() : storage.setAlarm(at)),
    transaction: (work) => storage.transactionSync(work),
    report: (what, error) => log("error", LOG_LEVEL, what, { address: LINE, message: messageOf(error) }),
  };
}
