import { desc } from "drizzle-orm";
import { authorize } from "../agent/authorize.ts";
import { commandFor, helpText } from "../agent/commands.ts";
import { MEMORY_HELP, parseMemory } from "../agent/memory.ts";
import type { Message } from "../channels/channel.ts";
import { actorOf } from "./actors.ts";
import type { Admission } from "./admission.ts";
import { Memory } from "./memory.ts";
import type { Parts } from "./parts.ts";
import type { Room } from "./room.ts";
import { drops } from "./schema.ts";
import { describeStatus, statusOf } from "./status.ts";

type Handler = (message: Message, args: string) => string | Promise<string>;

/**
 * The commands lane: runs inside `receive` and never waits for a turn. A handler answers what is said in the chat.
 */
export class Commands {
  readonly #room: Room;
  readonly #parts: Parts;
  readonly #admission: Admission;
  readonly #handlers: Record<string, Handler>;

  constructor(room: Room, parts: Parts, admission: Admission) {
    this.#room = room;
    this.#parts = parts;
    this.#admission = admission;
    this.#handlers = {
      help: () => helpText(room.main),
      start: () => helpText(room.main),
      status: () => describeStatus(statusOf(room, parts)),
      new: (message) => this.#newSession(message.thread ?? ""),
      stop: () => (parts.stop() ? "Stopping." : "Nothing is running."),
      compact: (message) => this.#compact(message.thread ?? ""),
      memory: (message, args) => this.#memory(message, args),
      tasks: (message) => this.#tasks(message),
      usage: () => this.#usage(),
      why: () => this.#why(),
      main: (message, args) => this.claimMain(message, args),
      groups: () => this.#directory.describeGroups(room.address),
      approve: (_, args) => this.#directory.approve(args.trim(), room.address),
    };
  }

  /** Whether `/name` is for this lane. Where all is meant for us an unknown one is a slip; in a group, another bot's. */
  answers(name: string): boolean {
    return this.#knows(name) || this.#room.main || this.#room.direct;
  }

  #knows(name: string): boolean {
    return commandFor(name) !== undefined && Object.hasOwn(this.#handlers, name);
  }

  /** Runs a command that was checked with `answers`. */
  async run(message: Message, name: string, args: string): Promise<string> {
    if (!this.#knows(name)) return `I do not know /${name}. /help lists what I know.`;
    const actor = actorOf(this.#room, message.sender);
    const verdict = authorize(actor, { kind: "command", name });
    if (!verdict.ok) {
      this.#parts.audit.refused([actor], `/${name} ${args}`.trim(), verdict.reason);
      return verdict.reason;
    }
    return this.#handlers[name]!(message, args);
  }

  /** `/main CODE`: works in any chat, for whoever has the code. */
  async claimMain(message: Message, code: string): Promise<string> {
    if (this.#room.main) return "This chat is main already.";
    if (!code.trim()) return "Write /main and the code. Get one in the console or with: nanoflare pair";
    const claim = await this.#directory.claimMain(code.trim(), this.#room.address, message.chat);
    if (!claim.ok) return claim.reason;
    this.#room.configure(claim.settings);
    return "This chat is main now: it may manage groups, global memory and settings.";
  }

  get #directory() {
    return this.#admission.directory;
  }

  #newSession(thread: string): string {
    this.#parts.transcript.startSession(thread);
    return "A new conversation starts here. What was said before stays searchable, and memory stays.";
  }

  #compact(thread: string): string {
    this.#parts.turns.openCompaction(thread);
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
    const { BUDGET_GROUP_USD, BUDGET_GROUP_TOKENS } = this.#room.config;
    return `Today in this chat: $${usd.toFixed(4)} of $${BUDGET_GROUP_USD}, ${tokens} of ${BUDGET_GROUP_TOKENS} tokens.`;
  }

  #why(): string {
    const rows = this.#room.db.select().from(drops).orderBy(desc(drops.id)).limit(10).all();
    if (rows.length === 0) return "Nothing was left unheard here.";
    const when = new Intl.DateTimeFormat("en-US", {
      dateStyle: "medium",
      timeStyle: "short",
      timeZone: this.#room.timezone,
    });
    return rows.map((row) => `- ${when.format(row.at)}, ${row.sender}: ${row.reason}`).join("\n");
  }
}
