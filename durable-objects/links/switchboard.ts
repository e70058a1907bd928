import { type Address, addressOf, type Inbound } from "../../channels/channel.ts";
import {
  type Answer,
  CLOSE,
  type Command,
  type ConnectorState,
  type Hint,
  PROTOCOL,
  readFrame,
  type Up,
  upSchema,
} from "../../channels/frames.ts";
import { Accounts } from "./accounts.ts";
import { Askers } from "./askers.ts";
import { Commands } from "./commands.ts";
import { LineFacts } from "./facts.ts";
import { type Attached, attachedOf, type Outside, type Socket, tell } from "./outside.ts";
import { Presence } from "./presence.ts";
import type { LineStatus } from "./rpc.ts";

type Hello = Extract<Up, { type: "hello" }>;

/** A group that could not store an event is asked again after so many milliseconds. */
const AGAIN_MS = 2000;

/**
 * The companion's line. Events go to their groups and are acknowledged when they are rows there; commands go to the
 * companion and come back as results. One companion has the line at a time: the last one that said hello.
 */
export class Switchboard {
  readonly #outside: Outside;
  readonly #facts: LineFacts;
  readonly #commands: Commands;
  readonly #presence: Presence;
  readonly #askers: Askers;
  readonly #accounts: Accounts;

  constructor(outside: Outside) {
    this.#outside = outside;
    this.#facts = new LineFacts(outside.db);
    this.#commands = new Commands(outside);
    this.#presence = new Presence(outside, this.#facts);
    this.#askers = new Askers(outside);
    this.#accounts = new Accounts(this.#facts, this.#presence);
  }

  /** A frame came in. Only the companion that has the line is listened to. */
  async heard(socket: Socket, data: unknown): Promise<void> {
    const frame = readFrame(upSchema, data);
    if (!frame) return socket.close(CLOSE.badFrame.code, "That is no frame of the companion's protocol.");
    if (frame.type === "hello") return this.#hello(socket, frame);
    if (!this.#hasLine(socket)) return socket.close(CLOSE.superseded.code, "Another companion took over.");
    this.#seen(socket);
    switch (frame.type) {
      case "event":
        return this.#take(socket, frame.seq, () => this.#event(frame.event));
      case "raw":
        return this.#take(socket, frame.seq, () => this.#raw(frame.channel, frame.event));
      case "result":
        this.#commands.settle(frame.id, frame.result);
        return tell(socket, { type: "ack", seqs: [frame.seq] });
      case "ack":
        return this.#commands.acked(frame.ids);
      case "health":
        return this.#health(socket, frame.connectors);
    }
  }

  /** A socket is gone. */
  closed(socket: Socket): void {
    if (!this.#hasLine(socket)) return;
    socket.serializeAttachment({ ...attachedOf(socket), companion: undefined });
    this.#presence.left();
  }

  async command(id: string, channel: string, command: Command, asker?: Address): Promise<Answer> {
    const line = this.#line();
    const idle = isForAccount(command) ? line && idleOf(line, channel, command) : undefined;
    const isAbsent = !line && !this.#presence.awaited();
    const answer =
      isAbsent || idle
        ? this.#commands.absent(id, idle)
        : await this.#commands.ask(id, channel, command, line);
    // Written before the answer leaves: from here on the asker may sleep.
    if (answer.outcome === "absent" && asker) this.#askers.add(asker, channel);
    return answer;
  }

  hint(channel: string, hint: Hint): void {
    const line = this.#line();
    if (line) tell(line, { type: "hint", channel, hint });
  }

  /** The object's alarm. */
  async alarm(): Promise<void> {
    const silent = await this.#presence.look(this.#line());
    if (!silent) return this.#knock();
    silent.serializeAttachment({ ...attachedOf(silent), companion: undefined });
    silent.close(CLOSE.going.code, "Nothing was heard for too long.");
  }

  status(): LineStatus {
    const line = this.#line();
    const epoch = this.#facts.get("epoch") ?? 0;
    if (!line) return { online: false, epoch, seenAt: this.#facts.get("gone")?.at, connectors: [] };
    const { seenAt, version, connectors } = attachedOf(line);
    return { online: true, epoch, seenAt, version, connectors };
  }

  async #hello(socket: Socket, hello: Hello): Promise<void> {
    if (hello.protocol !== PROTOCOL)
      return socket.close(CLOSE.version.code, `The Worker speaks version ${PROTOCOL} of the protocol.`);
    const { companion, version, connectors } = hello;
    const epoch = (this.#facts.get("epoch") ?? 0) + 1;
    const before = this.#outside.sockets().filter((other) => other !== socket);
    this.#outside.transaction(() => {
      this.#facts.set("epoch", epoch);
      this.#commands.takenOverBy(companion);
    });
    const attached: Attached = { companion, epoch, version, seenAt: this.#outside.now(), connectors };
    socket.serializeAttachment(attached);
    for (const other of before) other.close(CLOSE.superseded.code, "Another companion took over.");
    tell(socket, { type: "welcome", epoch });
    this.#commands.send(socket);
    await this.#presence.came();
    await this.#accounts.look(connectors);
    await this.#knock();
  }

  /** Answers what became of an item. `store` gives the reason why it is not taken, for good; what it throws may pass. */
  async #take(socket: Socket, seq: number, store: () => Promise<string | undefined>): Promise<void> {
    try {
      const reason = await store();
      tell(socket, reason ? { type: "refused", seq, reason } : { type: "ack", seqs: [seq] });
    } catch (error) {
      this.#outside.report("an event of the companion could not be stored", error);
      tell(socket, { type: "refused", seq, reason: "It could not be stored.", afterMs: AGAIN_MS });
    }
  }

  async #event(event: Inbound): Promise<string | undefined> {
    const wrong = this.#whyNot(event);
    if (!wrong) await this.#outside.receive(event);
    return wrong;
  }

  async #raw(channel: string, raw: unknown): Promise<string | undefined> {
    if (!this.#outside.carries(channel)) return `The companion may not speak for ${channel}.`;
    const events = await this.#outside.read(channel, raw);
    if (!events) return "It is no event.";
    for (const event of events) {
      const wrong = await this.#event(event);
      if (wrong) return wrong;
    }
    return undefined;
  }

  async #health(socket: Socket, connectors: ConnectorState[]): Promise<void> {
    socket.serializeAttachment({ ...attachedOf(socket), connectors });
    await this.#accounts.look(connectors);
    await this.#knock();
  }

  /** Tells those who asked in vain and for whose channel the companion works now. */
  async #knock(): Promise<void> {
    const line = this.#line();
    if (!line) return;
    const idle = attachedOf(line).connectors.filter(({ state }) => state !== "ready");
    await this.#askers.knock(idle.map(({ channel }) => channel));
  }

  #seen(socket: Socket): void {
    socket.serializeAttachment({ ...attachedOf(socket), seenAt: this.#outside.now() });
  }

  /** Why an event is not taken, whatever its group would say. */
  #whyNot(event: Inbound): string | undefined {
    const channel = event.address.split(":")[0]!;
    if (!this.#outside.carries(channel)) return `The companion may not speak for ${channel}.`;
    if (event.address !== addressOf(channel, event.chat.id)) return "The event's address is not its chat's.";
    if (event.kind === "migration" && !event.to.startsWith(`${channel}:`))
      return "A chat cannot move to another network.";
    return undefined;
  }

  #line(): Socket | undefined {
    return this.#outside.sockets().find((socket) => this.#hasLine(socket));
  }

  /** Whether the companion at this socket said hello last. */
  #hasLine(socket: Socket): boolean {
    const { companion, epoch } = attachedOf(socket);
    return companion !== undefined && epoch === this.#facts.get("epoch");
  }
}

/** What cannot be done while the account is not connected. */
function isForAccount(command: Command): boolean {
  return command.do !== "link" && command.do !== "unlink";
}

/** Why the companion at this socket does nothing for a channel that it carries. A turn waits for its files. */
function idleOf(line: Socket, channel: string, command: Command): string | undefined {
  const connector = attachedOf(line).connectors.find((one) => one.channel === channel);
  if (!connector || connector.state === "ready") return undefined;
  if (command.do === "download" && connector.state === "connecting") return undefined;
  return `The companion's ${channel} account is ${connector.state}.`;
}
