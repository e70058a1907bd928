import { readFileSync } from "node:fs";
import { join } from "node:path";
import qrcode from "qrcode-terminal";
import { now } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Connector, Host } from "./connector.ts";
import { DiscordGateway } from "./discord/connector.ts";
import { GatewaySession } from "./discord/session.ts";
import { FeishuConnection } from "./feishu/connector.ts";
import { Connection } from "./link/connection.ts";
import { Hands } from "./link/hands.ts";
import { Session } from "./link/session.ts";
import { Store } from "./link/store.ts";
import { TelegramPolling } from "./telegram/connector.ts";
import { fetchMedia, upload } from "./upload.ts";
import { WhatsApp } from "./whatsapp/connector.ts";
import { WhatsAppDisk } from "./whatsapp/disk.ts";

/** A change of state is told after so many milliseconds, with those that follow it closely. */
const CHANGES_MS = 200;

/** The companion: connectors on one side, the line to the Worker on the other, the disk between them. */
export class Companion {
  readonly #store: Store;
  readonly #session: Session;
  readonly #connection: Connection;
  readonly #hands: Hands;
  readonly #connectors = new Map<string, Connector>();
  #changes: NodeJS.Timeout | undefined;
  #resting: NodeJS.Timeout | undefined;

  /** @param say tells the person at the terminal one line */
  constructor(config: Config, say: (line: string) => void) {
    this.#store = new Store(join(config.folder, "companion.db"));
    this.#connect(config, say);
    this.#hands = new Hands(this.#store, this.#connectors, () => this.#finished());
    this.#connection = new Connection({
      ...config,
      say,
      ended: (reason, fix) => this.#rest(reason, fix, say),
    });
    this.#session = new Session(this.#store, {
      version: versionOf(),
      now,
      send: (frame) => this.#connection.send(JSON.stringify(frame)),
      connectors: () => [...this.#connectors.values()].map((connector) => connector.state()),
      work: () => this.#hands.look(),
      hint: (channel, hint) => this.#hands.hint(channel, hint),
      later: (ms) => void setTimeout(() => this.#session.look(), ms).unref(),
      say,
    });
  }

  start(): void {
    for (const connector of this.#connectors.values()) connector.start();
    this.#connection.start(this.#session);
    this.#hands.look();
  }

  /** Ends in good order: what is on the disk is delivered next time. */
  async stop(): Promise<void> {
    this.#connection.stop();
    clearInterval(this.#resting);
    for (const connector of this.#connectors.values()) await connector.stop();
    clearTimeout(this.#changes);
    this.#store.close();
  }

  #connect(config: Config, say: (line: string) => void): void {
    const host: Host = {
      now,
      // A chat's move and its next message follow each other.
      event: (event) =>
        void this.#session.deliver(event.kind === "migration" ? event.to : event.address, {
          type: "event",
          event,
        }),
      raw: (channel, lane, event) =>
        this.#session.settled(this.#session.deliver(`${channel}:${lane}`, { type: "raw", channel, event })),
      changed: () => this.#changed(),
      upload: (name, bytes) => upload(config, name, bytes),
      fetchMedia: (key) => fetchMedia(config, key),
      say,
      show: (qr) => qrcode.generate(qr, { small: true }, say),
    };
    for (const connector of connectorsOf(config, host)) this.#connectors.set(connector.channel, connector);
  }

  #changed(): void {
    clearTimeout(this.#changes);
    this.#changes = setTimeout(() => this.#tellChanges(), CHANGES_MS);
  }

  #tellChanges(): void {
    clearTimeout(this.#changes);
    this.#changes = undefined;
    this.#session.health();
  }

  /** A command's result is in the store. What the command changed is told before it: who asked looks there next. */
  #finished(): void {
    if (this.#changes) this.#tellChanges();
    this.#session.pump();
  }

  /**
   * Two companions that take the line from each other help nobody: this one lets go of its accounts too. It does not end,
   * or whoever watches over it would start it again at once.
   */
  #rest(reason: string, fix: string, say: (line: string) => void): void {
    say(`${reason} This companion rests until it is started again. ${fix}`);
    this.#resting = setInterval(() => undefined, 3600_000);
    for (const connector of this.#connectors.values()) void connector.stop();
    this.#connectors.clear();
  }
}

/** What the configuration names. */
function connectorsOf(config: Config, host: Host): Connector[] {
  const { whatsapp, telegram, discord, feishu, folder, logLevel, url } = config;
  const connectors: Connector[] = [];
  if (whatsapp.enabled) {
    const disk = new WhatsAppDisk(join(folder, "whatsapp.db"));
    connectors.push(new WhatsApp(disk, host, { ...whatsapp, logLevel }));
  }
  if (telegram) connectors.push(new TelegramPolling({ ...telegram, url }, host));
  if (discord) {
    const session = new GatewaySession(join(folder, "discord.db"), discord.intents);
    connectors.push(new DiscordGateway(session, host, discord));
  }
  if (feishu) connectors.push(new FeishuConnection(feishu, host));
  return connectors;
}

function versionOf(): string {
  const file = new URL("package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
