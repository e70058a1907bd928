import type { ConnectionState, GroupMetadata, WAMessage, WASocket } from "baileys";
import type { Edit, Message } from "../../channels/channel.ts";
import type { Command, ConnectorState, Hint, Result } from "../../channels/frames.ts";
import type { Reaction } from "../../channels/reaction.ts";
import { reactionFrom } from "../../channels/whatsapp/reaction.ts";
import { type Account, formerAddress, inboundFrom, migrationFrom } from "../../channels/whatsapp/receive.ts";
import type { Carrier, Host } from "../connector.ts";
import { Standing } from "../standing.ts";
import { Acks } from "./acks.ts";
import { run } from "./commands.ts";
import { afterDisconnect, type Closed, unreachable } from "./disconnect.ts";
import type { WhatsAppDisk } from "./disk.ts";
import { openSocket } from "./socket.ts";

export interface WhatsAppOptions {
  /** The number is its owner's own. */
  shared: boolean;
  /** Another server than WhatsApp's, for tests. */
  url?: string;
  logLevel: string;
}

/** Older messages come to a companion that was off for long; the Worker may have forgotten whether it knows them. */
const OLDEST_MS = 7 * 24 * 3600_000;
const OPENING_MS = 10_000;
const NOT_CONNECTED: Result = {
  outcome: "retry",
  afterMs: 15_000,
  reason: "WhatsApp is not connected at the moment.",
};
const NOT_LINKED: Result = {
  outcome: "failed",
  reason: "No WhatsApp account is linked. Link one with: npx nanoflare channels login whatsapp",
};

/** One linked WhatsApp account. */
export class WhatsApp implements Carrier {
  readonly channel = "whatsapp";
  readonly #options: WhatsAppOptions;
  readonly #disk: WhatsAppDisk;
  readonly #host: Host;
  readonly #acks = new Acks();
  readonly #groups = new Map<string, GroupMetadata>();
  readonly #standing: Standing;
  #socket: WASocket | undefined;
  #open = false;
  #failures = 0;
  readonly #whenOpen = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #phone: string | undefined;

  constructor(disk: WhatsAppDisk, host: Host, options: WhatsAppOptions) {
    this.#disk = disk;
    this.#host = host;
    this.#standing = new Standing(this.channel, host, "not linked");
    this.#options = options;
  }

  start(): void {
    this.#disk.forgetOld(this.#host.now());
    if (this.#disk.isLinked()) this.#connect();
    else
      this.#host.say("WhatsApp: no account is linked. Link one with: npx nanoflare channels login whatsapp");
  }

  async stop(): Promise<void> {
    this.#drop();
    this.#disk.close();
  }

  state(): ConnectorState {
    return this.#standing.now;
  }

  async run(id: string, command: Command): Promise<Result> {
    if (command.do === "link") return this.#link(command.phone);
    if (command.do === "unlink") return this.#unlink();
    if (!this.#disk.isLinked()) return NOT_LINKED;
    if (!this.#open) await this.#opening();
    if (!this.#socket || !this.#open) return NOT_CONNECTED;
    return run(id, command, this.#socket, { disk: this.#disk, acks: this.#acks, host: this.#host });
  }

  async hint(hint: Hint): Promise<void> {
    if (this.#open) await this.#socket?.sendPresenceUpdate("composing", hint.chatId).catch(() => undefined);
  }

  /** A connection that is being made is worth a moment. */
  #opening(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, OPENING_MS);
    this.#whenOpen.add(resolve);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#whenOpen.delete(resolve);
    });
  }

  #link(phone: string | undefined): Result {
    if (this.#disk.isLinked())
      return { outcome: "failed", reason: "An account is linked already; log it out first." };
    this.#drop();
    // Keys of an attempt that nobody finished.
    this.#disk.forget();
    this.#phone = phone;
    this.#connect();
    return { outcome: "done" };
  }

  async #unlink(): Promise<Result> {
    const socket = this.#open ? this.#socket : undefined;
    this.#socket = undefined;
    await socket?.logout().catch(() => undefined);
    this.#drop();
    this.#disk.forget();
    this.#standing.change({ state: "not linked" });
    return { outcome: "done" };
  }

  #connect(): void {
    const socket = openSocket({
      ...this.#options,
      disk: this.#disk,
      metadataOf: (group) => this.#groups.get(group),
    });
    this.#socket = socket;
    const { problem } = this.#standing.now;
    // Why it does not connect stays told until it does.
    this.#standing.change(this.#disk.isLinked() ? { state: "connecting", problem } : { state: "linking" });
    this.#acks.listen(socket);
    socket.ev.on("connection.update", (update) => {
      if (socket === this.#socket) void this.#connection(socket, update);
    });
    socket.ev.on("messages.upsert", ({ messages }) => this.#received(messages));
    socket.ev.on("groups.upsert", (groups) => this.#learn(groups));
    socket.ev.on("groups.update", (groups) => this.#forgetGroups(groups));
    socket.ev.on("group-participants.update", ({ id }) => void this.#groups.delete(id));
  }

  async #connection(socket: WASocket, update: Partial<ConnectionState>): Promise<void> {
    const { connection, lastDisconnect, qr } = update;
    if (qr) await this.#show(socket, qr);
    if (connection === "open") this.#opened(socket);
    if (connection === "close") {
      const error = lastDisconnect?.error as Closed | undefined;
      this.#closed(error?.output?.statusCode, error?.message);
    }
  }

  /** A code to scan, or to type where a phone number was given. */
  async #show(socket: WASocket, qr: string): Promise<void> {
    if (!this.#phone) {
      this.#host.say("WhatsApp: scan the QR code with the phone (Linked devices, Link a device).");
      this.#host.show(qr);
      return this.#standing.change({ state: "linking", qr });
    }
    // One code for the attempt: a second one would make the first worthless.
    if (this.#standing.now.code) return;
    const code = await socket.requestPairingCode(this.#phone);
    this.#host.say(`WhatsApp: type this code on the phone (Linked devices, Link with phone number): ${code}`);
    this.#standing.change({ state: "linking", code });
  }

  #opened(socket: WASocket): void {
    this.#open = true;
    this.#failures = 0;
    for (const resolve of this.#whenOpen) resolve();
    this.#phone = undefined;
    const { name, id = "" } = socket.user ?? {};
    const account = `${name ?? "account"} (+${id.split(/[:@]/)[0]})`;
    this.#host.say(`WhatsApp: connected as ${account}.`);
    this.#standing.change({ state: "ready", account });
    void socket.groupFetchAllParticipating().then(
      (groups) => this.#learn(Object.values(groups)),
      () => undefined,
    );
  }

  #closed(code: number | undefined, reason: string | undefined): void {
    const isShown = Boolean(this.#standing.now.qr ?? this.#standing.now.code);
    const wasOpen = this.#open;
    this.#socket = undefined;
    this.#open = false;
    this.#acks.lost();
    const next = afterDisconnect(code, this.#failures++);
    if (next.do === "again" && code !== 515 && !this.#disk.isLinked())
      return this.#unfinished(isShown ? "Nobody used the code of WhatsApp in time." : unreachable(reason));
    if (next.do === "again") {
      if (next.afterMs > 0)
        this.#standing.change({
          ...this.#standing.now,
          state: "connecting",
          ...this.#trouble(wasOpen, reason),
        });
      this.#timer = setTimeout(() => this.#connect(), next.afterMs);
      return;
    }
    if (next.do === "forget") this.#disk.forget();
    this.#host.say(`WhatsApp: ${next.problem}`);
    this.#standing.change({ state: next.do === "forget" ? "logged out" : "failed", problem: next.problem });
  }

  /** A connection that was open may end at any time and comes back; one that cannot be made is told, once. */
  #trouble(wasOpen: boolean, reason: string | undefined): { problem?: string } {
    if (wasOpen) return {};
    const problem = unreachable(reason);
    if (problem !== this.#standing.now.problem) this.#host.say(problem);
    return { problem };
  }

  #unfinished(problem: string): void {
    this.#phone = undefined;
    this.#host.say(problem);
    this.#standing.change({ state: "not linked", problem });
  }

  #drop(): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = undefined;
    this.#open = false;
    this.#acks.lost();
    void socket?.end(undefined);
  }

  #received(messages: WAMessage[]): void {
    for (const message of messages) {
      const event = this.#read(message);
      if (!event || event.sentAt < this.#host.now() - OLDEST_MS) continue;
      // First of all: a message that is passed on and not kept lacks a file, one that is kept and not passed on is lost.
      if (!event.fromUs) this.#pass(event);
      this.#disk.keep(message, this.#host.now());
      this.#standing.heard();
    }
  }

  /** One that cannot be read must not take those behind it along: WhatsApp delivers none of them again. */
  #read(message: WAMessage): Message | Edit | Reaction | undefined {
    try {
      return inboundFrom(message, this.#account()) ?? reactionFrom(message, this.#account());
    } catch (error) {
      this.#host.say(`WhatsApp: a message could not be read (${(error as Error).message}).`);
      return undefined;
    }
  }

  /** A chat that was known by a number and has a LID now keeps its past: the Worker hears of the move first. */
  #pass(event: Message | Edit | Reaction): void {
    if (event.kind === "reaction") return this.#host.event(event);
    const former = formerAddress(event);
    if (former && this.#disk.takeNumber(former)) this.#host.event(migrationFrom(former, event));
    if (event.chat.id.endsWith("@s.whatsapp.net")) this.#disk.keepNumber(event.address);
    this.#host.event(event);
  }

  #account(): Account {
    const { id = "", lid, name } = this.#socket?.user ?? {};
    return {
      id,
      lid,
      name,
      shared: this.#options.shared,
      sentByUs: (message) => this.#disk.sentByUs(message),
      titleOf: (group) => this.#disk.titleOf(group),
    };
  }

  #learn(groups: GroupMetadata[]): void {
    for (const group of groups) {
      this.#groups.set(group.id, group);
      if (group.subject) this.#disk.keepTitle(group.id, group.subject);
    }
  }

  #forgetGroups(groups: Partial<GroupMetadata>[]): void {
    for (const { id, subject } of groups) {
      if (!id) continue;
      this.#groups.delete(id);
      if (subject) this.#disk.keepTitle(id, subject);
    }
  }
}
