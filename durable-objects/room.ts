import { eq } from "drizzle-orm";
import { type Address, type Channel, type ChannelEnv, parseAddress } from "../channels/channel.ts";
import { channels } from "../channels/index.ts";
import { newId, now } from "./clock.ts";
import type { Config } from "./config.ts";
import type { Database } from "./database.ts";
import { companionOf } from "./links/companion.ts";
import { log, messageOf } from "./log.ts";
import { fetchNamed } from "./outbound.ts";
import type { GroupSettings } from "./rpc.ts";
import { facts } from "./schema.ts";

/** The facts of a group: small values that survive restarts. */
interface Facts {
  settings: GroupSettings;
  /** The chat's present id, where it changed. */
  target: string;
  /** The chat's title, as its platform said it last. */
  title: string;
  /** The object that keeps this chat's past, where the chat had another id before. */
  forwardTo: Address;
  /** Last error that a person should know of. */
  lastError: string;
  /** When that was, in milliseconds. */
  lastErrorAt: number;
  /** Milliseconds; when a chat that was never registered was last heard. */
  heardAt: number;
  /** Milliseconds; when a chat that nobody registered was told lately that its code for `/main` is wrong. */
  wrongCodes: number[];
  /** The thread in which somebody waits for main's word on the code that they were given. */
  coded: string;
  /** Set once the group's folder has its templates. */
  furnished: boolean;
  /** Folders that were given to another group and forgotten here. */
  released: string[];
  /** Mounts that have more files than they show. */
  cutMounts: string[];
  /** Turns whose messages before an id are not in the transcript yet. */
  backlog: { turn: string; session: string; before: string }[];
  /** The number of the task that was made last. */
  lastTask: number;
  /** The numbers of the approval and of the sub-agent that were made last. */
  lastApproval: number;
  lastSubAgent: number;
  /** The zone that the tasks' times were counted in last. */
  zone: string;
  /** When the heartbeat beat last, in milliseconds; every later beat is counted from there. 0 while it rests. */
  beat: number;
  /** What heartbeats have told lately. */
  alerts: { key: string; at: number; turn: string }[];
  /** What main is to be told. */
  owed: { key: string; text: string }[];
  /** The saying that waits for the companion's return. */
  absent: string;
  /** The next due time that the directory knows, in milliseconds; 0 for none. */
  dueTold: number;
  /** Open sessions by thread. */
  [session: `session:${string}`]: string;
  /** The session of a thread that has read text from outside. */
  [outside: `outside:${string}`]: string;
  /** Other ids of a person who spoke here, by the platform's word. */
  [aliases: `aliases:${string}`]: readonly string[];
  /** Why commands run in the embedded shell though a container was asked for. */
  noContainers: string;
  /** The command whose changes were kept last. */
  keptRun: string;
  /** When something was told that is told once. */
  [told: `told:${string}`]: number;
}

/** What all parts of a group's object share: its storage, its configuration, its identity. */
export class Room {
  readonly ctx: DurableObjectState;
  readonly env: Env;
  readonly db: Database;
  readonly config: Config;
  /** Random per construction: another boot's claims are dead. */
  readonly boot: string;
  readonly address: Address;
  readonly channel: Channel | undefined;
  readonly newId = newId;
  readonly now = now;
  readonly #cache = new Map<string, unknown>();

  constructor(ctx: DurableObjectState, env: Env, db: Database, config: Config, boot: string) {
    this.ctx = ctx;
    this.env = env;
    this.db = db;
    this.config = config;
    this.boot = boot;
    this.address = (ctx.id.name ?? "unknown:unknown") as Address;
    this.channel = channels[parseAddress(this.address).channel];
  }

  get<K extends keyof Facts>(name: K): Facts[K] | undefined {
    if (!this.#cache.has(name)) {
      const row = this.db.select().from(facts).where(eq(facts.name, name)).get();
      this.#cache.set(name, row?.value);
    }
    return this.#cache.get(name) as Facts[K] | undefined;
  }

  set<K extends keyof Facts>(name: K, value: Facts[K]): void {
    const row = { name: name as string, value };
    this.db.insert(facts).values(row).onConflictDoUpdate({ target: facts.name, set: { value } }).run();
    this.#cache.set(name, value);
  }

  /** Takes over what the directory says of this chat. What was registered once is not forgotten any more. */
  configure(settings: GroupSettings): void {
    this.set("settings", settings);
    if (this.get("heardAt") !== undefined) this.clear("heardAt");
  }

  clear(name: keyof Facts): void {
    this.db.delete(facts).where(eq(facts.name, name)).run();
    this.#cache.delete(name);
  }

  /** One transaction. Nothing in `work` may await. A throw rolls everything back, cached facts too. */
  transaction<T>(work: () => T): T {
    try {
      return this.ctx.storage.transactionSync(work);
    } catch (error) {
      this.#cache.clear();
      throw error;
    }
  }

  get settings(): GroupSettings | undefined {
    return this.get("settings");
  }

  get registered(): boolean {
    return this.settings?.registered === true;
  }

  /** Main stopped it: turns and tasks wait. */
  get paused(): boolean {
    return this.settings?.paused === true;
  }

  /** What it may spend in a day. */
  get budget(): { usd: number; tokens: number } {
    const { BUDGET_GROUP_USD, BUDGET_GROUP_TOKENS } = this.config;
    return {
      usd: this.settings?.budgetUsd ?? BUDGET_GROUP_USD,
      tokens: this.settings?.budgetTokens ?? BUDGET_GROUP_TOKENS,
    };
  }

  /** How long a turn may take, in milliseconds. */
  get turnTimeoutMs(): number {
    return (this.settings?.turnTimeout ?? this.config.TURN_TIMEOUT) * 1000;
  }

  /** Whether it answers and its tasks run. */
  get active(): boolean {
    return this.registered && !this.paused;
  }

  get main(): boolean {
    return this.settings?.main === true && this.registered;
  }

  get direct(): boolean {
    return this.settings?.type !== "group";
  }

  /** The console and the CLI: their pages are told at once what comes in. */
  get isConsole(): boolean {
    return this.channelName === "web" || this.channelName === "cli";
  }

  get channelName(): string {
    return parseAddress(this.address).channel;
  }

  get timezone(): string {
    return this.settings?.timezone ?? this.config.TIMEZONE;
  }

  /** The platform's id of this chat today. */
  get chatId(): string {
    return this.get("target") ?? parseAddress(this.address).chatId;
  }

  get channelEnv(): ChannelEnv {
    return {
      vars: this.config.vars,
      fetch: (input, init) => fetch(input, init),
      fetchNamed: fetchNamed(this.config),
      now,
      broadcast: (frame) => this.broadcast(frame),
      companion: companionOf(this.env, this.address),
    };
  }

  /** Sends a frame to every open console of this group. A socket that is closing is skipped. */
  broadcast(frame: string): void {
    for (const socket of this.ctx.getWebSockets()) {
      try {
        socket.send(frame);
      } catch {
        // It reconnects and reads the history.
      }
    }
  }

  /** Logs what happens in the normal course, for LOG_LEVEL=debug. */
  trace(what: string, where: Record<string, string | number | undefined>): void {
    log("debug", this.config.LOG_LEVEL, what, { address: this.address, ...where });
  }

  /** Keeps what went wrong for `status`, and logs it. Never with a secret: reasons are our own sentences. */
  report(what: string, error: unknown): void {
    const message = messageOf(error);
    log("error", this.config.LOG_LEVEL, what, { address: this.address, message });
    this.set("lastError", `${what}: ${message}`.slice(0, 300));
    this.set("lastErrorAt", now());
  }
}
