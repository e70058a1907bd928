import { authorize } from "../agent/authorize.ts";
import { commandFor, helpText } from "../agent/commands.ts";
import { MEMORY_HELP, parseMemory } from "../agent/memory.ts";
import type { Message } from "../channels/channel.ts";
import type { Admission } from "./admission.ts";
import { answerApproval } from "./approvals/answer.ts";
import { deciderOf } from "./approvals/decider.ts";
import { numberIn } from "./approvals/words.ts";
import { Memory } from "./files/memory.ts";
import { MainCommands } from "./main-commands.ts";
import { actorOf } from "./messages/actors.ts";
import { why } from "./messages/why.ts";
import type { Parts } from "./parts.ts";
import type { Room } from "./room.ts";
import { describeStatus, statusOf } from "./status.ts";

type Handler<T> = (message: Message, args: string) => T;

/** What became of a code for `/main`. `locked`: the chat is not listened to for an hour. */
export interface MainClaim {
  ok: boolean;
  said: string;
  locked?: boolean;
}

/**
 * The commands lane: runs inside `receive` and never waits for a turn. A handler answers what is said in the chat.
 */
export class Commands {
  readonly #room: Room;
  readonly #parts: Parts;
  readonly #admission: Admission;
  /** Those that work on this object alone, inside a transaction. */
  readonly #here: Record<string, Handler<string>>;
  /** Those that ask others first. */
  readonly #elsewhere: Record<string, Handler<Promise<string>>>;

  constructor(room: Room, parts: Parts, admission: Admission) {
    this.#room = room;
    this.#parts = parts;
    this.#admission = admission;
    this.#here = {
      help: () => helpText(room.main),
      start: () => helpText(room.main),
      status: () => describeStatus(statusOf(room, parts)),
      new: (message) => this.#newSession(message.thread ?? ""),
      stop: (_, args) => this.#stop(args),
      compact: (message) => this.#compact(message.thread ?? ""),
      tasks: (message) => this.#tasks(message),
      usage: () => this.#usage(),
      why: () => why(room),
    };
    const main = new MainCommands(room, () => admission.directory);
    const by = ({ sender }: Message) => ({ address: room.address, who: actorOf(room, sender).id });
    this.#elsewhere = {
      memory: (message, args) => this.#memory(message, args),
      main: async (message, args) => (await this.claimMain(message, args)).said,
      groups: (message, args) => main.groups(by(message), args),
      approve: (message, args) => this.#pair(message, args),
      deny: async () => "Write /deny and the number of the call, e.g. /deny #3.",
      model: (message, args) => main.model(by(message), args),
      pause: (message, args) => main.pause(by(message), true, args),
      resume: (message, args) => main.pause(by(message), false, args),
    };
  }

  /** Whether `/name` is for this lane. Where all is meant for us an unknown one is a slip; in a group, another bot's. */
  answers(name: string): boolean {
    return this.#knows(name) || this.#room.main || this.#room.direct;
  }

  #knows(name: string): boolean {
    const known = Object.hasOwn(this.#here, name) || Object.hasOwn(this.#elsewhere, name);
    return commandFor(name) !== undefined && known;
  }

  /**
   * Runs a command that was checked with `answers`, as far as it asks others. What is left, the effect on this object
   * and the answer, is for the transaction that keeps the command's row.
   */
  async run(message: Message, name: string, args: string): Promise<() => string> {
    if (!this.#knows(name)) return () => `I do not know /${name}. /help lists what I know.`;
    const actor = actorOf(this.#room, message.sender);
    const verdict = authorize(actor, { kind: "command", name });
    if (!verdict.ok) {
      this.#parts.audit.refused([actor], `/${name} ${args}`.trim(), verdict.reason);
      return () => verdict.reason;
    }
    const decision = await this.#decision(message, name, args);
    if (decision) return () => decision().said;
    const here = this.#here[name];
    if (here) return () => here(message, args);
    const said = await this.#elsewhere[name]!(message, args);
    return () => said;
  }

  /** `/approve #3`, `/deny #3`. */
  async #decision({ sender }: Message, name: string, args: string) {
    const number = numberIn(args);
    if ((name !== "approve" && name !== "deny") || number === undefined) return undefined;
    const by = deciderOf(this.#room, sender);
    return by && answerApproval(this.#room, this.#parts, this.#directory, { verdict: name, number }, by);
  }

  /** `/approve CODE` lets a direct chat in. */
  async #pair({ sender }: Message, code: string): Promise<string> {
    if (!code.trim()) return "Write /approve and the number of the call, e.g. /approve #3.";
    const actor = actorOf(this.#room, sender);
    const verdict = authorize(actor, { kind: "group", verb: "register" });
    if (verdict.ok)
      return (await this.#directory.approve(code.trim(), { address: this.#room.address, who: actor.id }))
        .said;
    this.#parts.audit.refused([actor], `/approve ${code}`.trim(), verdict.reason);
    return verdict.reason;
  }

  /** All that runs, or the one sub-agent that is named. */
  #stop(args: string): string {
    const number = numberIn(args);
    if (number === undefined) return this.#parts.stop() ? "Stopping." : "Nothing is running.";
    if (this.#parts.subAgents.stop(number)) return `Stopping sub-agent #${number}.`;
    return `No sub-agent #${number} is working.`;
  }

  /** `/main CODE`: works in any chat, for whoever has the code. */
  async claimMain(message: Message, code: string): Promise<MainClaim> {
    const verdict = authorize(actorOf(this.#room, message.sender), { kind: "command", name: "main" });
    if (!verdict.ok) return { ok: false, said: verdict.reason };
    if (this.#room.main) return { ok: true, said: "This chat is main already." };
    if (!code.trim()) return { ok: false, said: NO_CODE };
    const claim = await this.#directory.claimMain(code.trim(), this.#room.address, message.chat);
    if (!claim.ok) return { ok: false, said: claim.reason, locked: claim.locked };
    this.#room.configure(claim.settings);
    return {
      ok: true,
      said: "This chat is main now: it may manage groups, global memory and settings.",
    };
  }

  get #directory() {
    return this.#admission.directory;
  }

  #newSession(thread: string): string {
    this.#parts.transcript.startSession(thread);
    return "A new conversation starts here. What was said before stays searchable, and memory stays.";
  }

  #compact(thread: string): string {
    if (!this.#parts.turns.openCompaction(thread)) return "I am summarising the conversation already.";
    return "I save what should last and summarise the conversation.";
  }

  async #memory({ sender, key }: Message, args: string): Promise<string> {
    const request = parseMemory(args);
    if (!request) return MEMORY_HELP;
    const memory = new Memory(this.#room, this.#parts, () => this.#directory);
    const asker = { actor: actorOf(this.#room, sender), name: sender.name, source: key };
    return (await memory.ask(request, asker)).said;
  }

  #tasks({ sender, key, thread }: Message): string {
    const { address: from, main } = this.#room;
    const asker = { id: sender.id, name: sender.name, from, main, agent: false, key, thread: thread ?? "" };
    const trust = main ? ("owner" as const) : ("member" as const);
    return this.#parts.desk.ask({ verb: "list" }, { ...asker, trust, trace: key }).said;
  }

  #usage(): string {
    const { usd, tokens } = this.#parts.ledger.today();
    const budget = this.#room.budget;
    return `Today in this chat: $${usd.toFixed(4)} of $${budget.usd}, ${tokens} of ${budget.tokens} tokens.`;
  }
}

const NO_CODE = "Write /main and the code. Get one in the console or with: nanoflare pair";
