import { type Actor, authorize, HOST } from "../../agent/authorize.ts";
import { type Wake, wakes, whyUnheard } from "../../agent/wake.ts";
import type { Edit, Inbound, Message, Migration } from "../../channels/channel.ts";
import type { Press } from "../../channels/press.ts";
import type { Reaction } from "../../channels/reaction.ts";
import type { Admission } from "../admission.ts";
import { answerIn } from "../approvals/in-words.ts";
import type { Commands } from "../commands.ts";
import type { Console } from "../console.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { Receipt } from "../rpc.ts";
import { actorOf } from "./actors.ts";
import { dismissPress, receivePress } from "./presses.ts";
import { lineOf } from "./reactions.ts";

/** What the reception passes events to. */
interface Desk {
  admission: Admission;
  commands: Commands;
  console: Console;
}

/**
 * Where events come in: each becomes a row, or is turned away with a reason, before its platform hears that it was
 * taken. Commands are answered here and never wait for a turn.
 */
export class Reception {
  readonly #room: Room;
  readonly #parts: Parts;
  readonly #admission: Admission;
  readonly #commands: Commands;
  readonly #console: Console;

  constructor(room: Room, parts: Parts, desk: Desk) {
    this.#room = room;
    this.#parts = parts;
    this.#admission = desk.admission;
    this.#commands = desk.commands;
    this.#console = desk.console;
  }

  /** Stores an event and answers what became of it. */
  async receive(event: Inbound): Promise<Receipt> {
    const receipt = await this.#receive(event);
    const { outcome, reason } = receipt;
    this.#room.trace("an event came in", { kind: event.kind, key: event.key, outcome, reason });
    return receipt;
  }

  async #receive(event: Inbound): Promise<Receipt> {
    if (event.kind !== "migration" && event.fromUs) return { outcome: "dropped", reason: OURS };
    const past = this.#room.get("forwardTo");
    if (past) return this.#room.env.GROUP.getByName(past).receive({ ...event, address: past });
    const verdict = authorize(this.#actor(event), { kind: "event", name: this.#nameOf(event) });
    if (!verdict.ok) return this.#refused(event, verdict.reason);
    switch (event.kind) {
      case "migration":
        return this.#migrate(event);
      case "press":
        return receivePress(this.#room, this.#parts, this.#admission, event);
      case "edit":
        return this.#edit(event);
      case "message":
        return this.#message(event);
      case "reaction":
        return this.#reaction(event);
    }
  }

  /** A platform's verified event that names no person is the host's. */
  #actor(event: Inbound): Actor {
    return event.kind === "migration" ? HOST : actorOf(this.#room, event.sender);
  }

  /** A message in a chat that is not registered only knocks. */
  #nameOf(event: Inbound): Inbound["kind"] | "arrival" {
    return event.kind === "message" && !this.#room.registered ? "arrival" : event.kind;
  }

  #refused(event: Inbound, why: string): Receipt {
    const reason = this.#room.registered ? why : "the chat is not registered";
    if (event.kind === "press") this.#refusePress(event, reason);
    return "sender" in event ? this.#admission.drop(event, reason) : { outcome: "dropped", reason };
  }

  #refusePress(press: Press, reason: string): void {
    const actor = actorOf(this.#room, press.sender);
    if (this.#room.registered) this.#parts.audit.refused([actor], `a button (${press.value})`, reason);
    dismissPress(this.#room, press, reason);
  }

  async #message(message: Message): Promise<Receipt> {
    if (message.command?.name === "main" && this.#admission.mayClaim(message.sender))
      return this.#room.registered ? this.#command(message) : this.#claim(message);
    if (!this.#room.registered) {
      const arrival = await this.#admission.arrive(message);
      if (arrival && this.#room.get("forwardTo")) return this.#receive(message);
      if (arrival) return this.#turnedAway(message, arrival);
    }
    this.#title(message.chat.title);
    this.#alias(message.sender);
    const wake = this.#wake(message);
    const command = wake.wakes ? (message.command ?? answerIn(this.#room, this.#parts, message)) : undefined;
    if (command && this.#commands.answers(command.name)) return this.#command({ ...message, command });
    return this.#accept(message, wake);
  }

  /** It has to be meant for the assistant, and its sender has to have the right. */
  #wake(message: Message): Wake {
    const wake = wakes(message, this.#admission.gate());
    if (!wake.wakes) return wake;
    const verdict = authorize(actorOf(this.#room, message.sender), { kind: "event", name: "wake" });
    return verdict.ok ? wake : { wakes: false, why: verdict.reason };
  }

  /** What people say who may not wake it is context, unless main chose otherwise for this group. */
  #unwanted(event: Pick<Message, "sender" | "fromUs">): string | undefined {
    if (this.#room.settings?.mode !== "drop") return undefined;
    return whyUnheard(event, this.#admission.gate());
  }

  /** The directory hears of a new title when the next turn opens. */
  #title(title: string | undefined): void {
    const said = title?.slice(0, 256);
    if (said && said !== this.#room.get("title")) this.#room.set("title", said);
  }

  #alias({ id, aliases = [] }: Message["sender"]): void {
    if (aliases.join() !== (this.#room.get(`aliases:${id}`) ?? []).join())
      this.#room.set(`aliases:${id}`, aliases);
  }

  #accept(message: Message, wake: Wake): Receipt {
    const unwanted = this.#unwanted(message);
    if (unwanted) return this.#admission.drop(message, unwanted);
    const id = this.#parts.inbox.add(
      message,
      wake.wakes ? "pending" : "context",
      wake.wakes ? undefined : wake.why,
    );
    if (!id) return { outcome: "duplicate", id: this.#parts.inbox.idOf(message.key) };
    if (this.#room.isConsole) this.#console.show(id, message);
    if (wake.wakes && this.#room.paused) this.#sayPaused(message);
    if (wake.wakes) this.#parts.arrived(message.thread ?? "");
    return wake.wakes ? { outcome: "accepted", id } : { outcome: "accepted", id, quiet: true };
  }

  /** Once for each time that main pauses the chat. */
  #sayPaused({ thread = "", answerTo }: Message): void {
    const key = `paused:${this.#room.settings?.version}`;
    this.#room.transaction(() => this.#parts.say(key, PAUSED, thread, answerTo));
    this.#parts.speak();
  }

  /** `/main CODE` where nobody registered the chat: only a right code leaves more than the reason of a refusal. */
  async #claim(message: Message): Promise<Receipt> {
    const claim = await this.#commands.claimMain(message, message.command!.args);
    if (claim.ok) return this.#answered(message, () => claim.said);
    const receipt = this.#admission.drop(message, "no valid code came with /main");
    const told = this.#admission.mayTell(claim.locked) ? { tell: claim.said } : {};
    return this.#turnedAway(message, { receipt, ...told });
  }

  async #command(message: Message): Promise<Receipt> {
    if (this.#parts.inbox.knows(message.key))
      return { outcome: "duplicate", id: this.#parts.inbox.idOf(message.key) };
    const { name, args } = message.command!;
    return this.#answered(message, await this.#commands.run(message, name, args));
  }

  /**
   * A command's row, its effect here and its answer are one transaction: it happens once, however often it is
   * delivered.
   */
  #answered(message: Message, effect: () => string): Receipt {
    return this.#room.transaction(() => {
      const id = this.#parts.inbox.add(message, "command");
      if (!id) return { outcome: "duplicate" as const };
      if (this.#room.isConsole) this.#console.show(id, message);
      this.#parts.transcript.addCommand(id);
      this.#parts.say(`command:${message.key}`, effect(), message.thread ?? "", message.answerTo);
      this.#parts.pump();
      return { outcome: "accepted" as const, id };
    });
  }

  #turnedAway(message: Message, arrival: { receipt: Receipt; tell?: string }): Receipt {
    const { receipt, tell } = arrival;
    if (!tell) return receipt;
    const { key, thread = "", answerTo } = message;
    this.#room.transaction(() => this.#parts.say(`arrival:${key}`, tell, thread, answerTo));
    this.#parts.pump();
    return { outcome: receipt.outcome, reason: receipt.reason };
  }

  #edit(edit: Edit): Receipt {
    const { inbox } = this.#parts;
    if (inbox.knows(edit.key)) return { outcome: "duplicate" };
    const unwanted = this.#unwanted(edit);
    if (unwanted) return this.#admission.drop(edit, unwanted);
    return this.#room.transaction(() => {
      const original = inbox.original(edit);
      const replaced = original && inbox.replace(original, edit);
      if (original && !replaced) this.#parts.transcript.edited(original.id, edit.text);
      const read = original ? "edited after it was read" : "nothing that its sender wrote here";
      const id = inbox.add(edit, "recorded", replaced ? "replaced a waiting message" : read);
      return { outcome: "accepted" as const, id };
    });
  }

  /** Context for the next turn; it wakes none, whoever it is from. */
  #reaction(reaction: Reaction): Receipt {
    const unwanted = this.#unwanted(reaction);
    if (unwanted) return this.#admission.drop(reaction, unwanted);
    const id = this.#parts.inbox.add(lineOf(this.#room, reaction), "context", "a reaction wakes nobody");
    if (id) return { outcome: "accepted", id, quiet: true };
    return { outcome: "duplicate", id: this.#parts.inbox.idOf(reaction.key) };
  }

  /** The old id's object keeps the chat; the new id's object forwards to it. Every step may be repeated. */
  async #migrate(event: Migration): Promise<Receipt> {
    if (event.to === this.#room.address) return { outcome: "duplicate" };
    const keeper = await this.#admission.directory.moved({ from: this.#room.address, to: event.to });
    if (keeper !== this.#room.address) return { outcome: "dropped", reason: "that chat is kept by another" };
    await this.#room.env.GROUP.getByName(event.to).forwardTo(this.#room.address);
    this.#room.set("target", event.to.slice(event.to.indexOf(":") + 1));
    return { outcome: "accepted" };
  }
}

const PAUSED = "I am paused in this chat. What you write waits until my owner lets me go on.";
const OURS = "sent by this assistant itself";
