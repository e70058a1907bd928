import { authorizeAll } from "../../agent/authorize.ts";
import { estimateTokens } from "../../agent/budget.ts";
import { needsCompaction } from "../../agent/compact.ts";
import { conversation } from "../../agent/conversation.ts";
import type { Interruption, LoopEnd, LoopEvent } from "../../agent/events.ts";
import type { Step } from "../../agent/journal.ts";
import { type LoopPorts, runLoop } from "../../agent/loop.ts";
import type { ChatMessage, ToolSpec } from "../../agent/model.ts";
import { HOME } from "../../agent/notebook.ts";
import { GROUP_TEMPLATES } from "../../agent/templates/index.ts";
import { rightOf, specs } from "../../agent/tools/index.ts";
import type { Tool, ToolContext } from "../../agent/tools/tool.ts";
import type { DirectoryStub } from "../admission.ts";
import { hold } from "../approvals/hold.ts";
import { takeOver } from "../files/hand-over.ts";
import { actorsOf } from "../messages/actors.ts";
import type { InboxRow } from "../messages/inbox.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { Grant } from "../usage.ts";
import { fetchAttachments } from "./attachments.ts";
import { type Brain, openBrain } from "./brain.ts";
import { compact } from "./compaction.ts";
import { showSeen } from "./seen.ts";
import { endSideTurn } from "./side-turn.ts";
import { Streaming } from "./streaming.ts";
import { toolContext } from "./tool-context.ts";
import { endTurn } from "./turn-end.ts";
import { TurnJournal } from "./turn-journal.ts";
import { joinedBlocks, promptOf, sidePrompt } from "./turn-prompt.ts";
import { toolsOf } from "./turn-tools.ts";
import { weighMessages, weighPrompt } from "./turn-trust.ts";
import type { TurnRow } from "./turns.ts";
import { showTyping } from "./typing.ts";
import { listen } from "./voice.ts";

/** A message that arrives before the first token makes the call again, at most so often. */
const REJOINS = 2;
/** A conversation that the model finds too long is summarised and tried again, at most so often. */
const COMPACTIONS = 2;

/** One claimed turn, from its opening to its end. In memory; everything that matters is in its rows. */
export class TurnRun implements LoopPorts {
  readonly journal: TurnJournal;
  tools: Tool[];
  specs: ToolSpec[];
  readonly limits;
  readonly #room: Room;
  readonly #parts: Parts;
  readonly #directory: DirectoryStub;
  readonly #turn: TurnRow;
  readonly #brain: Brain;
  readonly #servers: boolean;
  readonly #grant: Grant = { usd: 0, tokens: 0 };
  readonly #life = new AbortController();
  #call: AbortController | undefined;
  #streaming: Streaming;
  #prompt: { key: string; messages: ChatMessage[] } | undefined;
  #rejoins = 0;
  #firstToken = false;

  constructor(room: Room, parts: Parts, directory: DirectoryStub, turn: TurnRow) {
    this.#room = room;
    this.#parts = parts;
    this.#directory = directory;
    this.#turn = turn;
    this.#brain = openBrain(room);
    this.journal = new TurnJournal(room, parts.ledger, turn.id, "main", this.#brain.choice, this.#grant);
    const { own, shown, main, servers } = toolsOf(room, parts, turn);
    this.#servers = servers;
    this.tools = own;
    this.specs = specs(shown, main);
    const { MAX_TOKENS, MAX_TURNS, TEMPERATURE } = room.config;
    this.limits = { maxTokens: MAX_TOKENS, maxRounds: MAX_TURNS, temperature: TEMPERATURE };
    this.#streaming = new Streaming(room, parts, turn);
  }

  get model() {
    return this.#brain.model;
  }

  /** Runs to the end. Throws only when the host itself failed; the turn is then claimed again. */
  async run(): Promise<void> {
    if (this.#parts.turns.exhausted(this.#turn))
      return this.#end({ type: "exhausted", attempts: this.#turn.claims - 1 });
    const asked = () => this.#parts.inbox.asked(this.#turn.id);
    const stopTyping = this.#isChat ? showTyping(this.#room, this.#turn.thread, asked) : () => {};
    const stopSeen = this.#isChat ? showSeen(this.#room, this.#parts, this.#turn) : () => {};
    const deadline = setTimeout(
      () => this.#life.abort("deadline"),
      Math.max(0, this.#turn.deadlineAt - this.#room.now()),
    );
    try {
      const end: LoopEnd = (await this.#open()) ? await this.#loop() : { type: "stopped" };
      await this.#streaming.end();
      this.#end(end);
    } finally {
      clearTimeout(deadline);
      stopTyping();
      stopSeen();
      this.#parts.mcp.close(this.#turn.id);
      await this.#streaming.end();
    }
  }

  get lane(): TurnRow["lane"] {
    return this.#turn.lane;
  }

  /** The answer as far as it is shown, as markdown. */
  get draft(): string {
    return this.#streaming.shown;
  }

  /** A waking message came in: before the first token of the first call it joins that call. */
  arrived(thread: string): void {
    if (thread === this.#turn.thread && this.#mayRejoin()) this.#join();
  }

  /** Gives up the call that is under way, to make it again with what was said meanwhile. */
  #join(): void {
    if (!this.#call || this.#call.signal.aborted) return;
    this.#rejoins++;
    this.#call.abort("join" satisfies Interruption);
  }

  /** Ends the turn at its next step or byte. */
  stop(): boolean {
    this.#life.abort("stop" satisfies Interruption);
    return true;
  }

  /** Only the chat's turns take up what people write. */
  boundary(round: number): void {
    if (this.#isChat) this.#parts.inbox.consume(this.#turn.id, round, this.#turn.thread);
  }

  async conversation(): Promise<ChatMessage[]> {
    const rows = this.#parts.inbox.of(this.#turn.id);
    await this.#receive(rows);
    weighMessages(this.#room, this.#turn, rows);
    return conversation(
      await this.#opening(rows),
      joinedBlocks(this.#room, this.#parts, rows),
      this.journal.steps(),
    );
  }

  /** Fetches what is attached to messages, also to those that joined, and hears what is said in it. */
  async #receive(rows: InboxRow[]): Promise<void> {
    const [room, parts, signal] = [this.#room, this.#parts, this.#life.signal];
    await fetchAttachments(room, parts, rows, signal);
    await listen(rows, { room, parts, turn: this.#turn, grant: this.#grant, signal });
  }

  /** The prompt stays as it was at the turn's start, which providers cache, unless more joined or it was compacted. */
  async #opening(rows: InboxRow[]): Promise<ChatMessage[]> {
    const opening = rows.filter((row) => (row.joinedAt ?? 0) === 0).length;
    const key = `${opening} ${this.#parts.transcript.get(this.#turn.session).summarisedTo}`;
    if (this.#prompt?.key !== key) {
      weighPrompt(this.#room, this.#parts, this.#turn);
      const messages = this.#isSide
        ? await sidePrompt(this.#room, this.#parts, this.#turn)
        : await promptOf(this.#room, this.#parts, this.#turn, rows, this.#brain.choice);
      this.#prompt = { key, messages };
    }
    return this.#prompt.messages;
  }

  signal(round: number): AbortSignal {
    this.#call = new AbortController();
    this.#firstToken = round > 0;
    // Somebody wrote while the conversation was put together.
    if (this.#mayRejoin() && this.#parts.inbox.waits(this.#turn.thread)) this.#join();
    return AbortSignal.any([this.#call.signal, this.#life.signal]);
  }

  interrupted(): Exclude<Interruption, "join"> | undefined {
    return this.#life.signal.aborted ? (this.#life.signal.reason as "stop" | "deadline") : undefined;
  }

  refuse(tool: Tool): string | undefined {
    const actors = actorsOf(this.#room, this.#parts.inbox, this.#turn);
    const verdict = authorizeAll(actors, rightOf(tool), this.#turn.trust);
    if (verdict.ok) return undefined;
    this.#parts.audit.refused(actors, tool.name, verdict.reason);
    return verdict.reason;
  }

  hold(tool: Tool, args: unknown, step: Step): string | undefined {
    return hold(this.#room, this.#parts, this.journal, { turn: this.#turn, tool, args, step });
  }

  context(step: Step): ToolContext {
    return toolContext(
      this.#room,
      this.#parts,
      this.#directory,
      this.#turn,
      this.journal,
      step,
      this.#life.signal,
    );
  }

  on(event: LoopEvent): void {
    if (event.type === "text" || event.type === "tool") this.#firstToken = true;
    if (this.#isChat) this.#streaming.on(event);
  }

  get #isChat(): boolean {
    return this.#turn.lane === "chat";
  }

  /** A task's run, a heartbeat, an approved call, a sub-agent. */
  get #isSide(): boolean {
    return this.#turn.run !== null;
  }

  #mayRejoin(): boolean {
    return !this.#firstToken && this.#rejoins < REJOINS;
  }

  /**
   * Brings rights, budget and the version of the global files. False where the chat was removed meanwhile: nothing is
   * done in it any more.
   */
  async #open(): Promise<boolean> {
    const { address, settings, config } = this.#room;
    const chat = { type: settings?.type ?? ("group" as const), title: this.#room.get("title") };
    const ask = { usd: config.BUDGET_TURN_USD, tokens: config.BUDGET_TURN_TOKENS };
    const opened = await this.#directory.open({ address, turnId: this.#turn.id, chat, ...ask });
    if (opened.settings.version > (settings?.version ?? -1)) this.#room.configure(opened.settings);
    if (this.#room.paused) this.stop();
    if (!opened.settings.registered) return this.#removed();
    Object.assign(this.#grant, opened.grant);
    await this.#parts.workspace.refresh(opened.globalVersion);
    await this.#furnish();
    await this.#meetServers();
    return true;
  }

  /** Tools of MCP servers stand behind our own, so that providers can cache what comes before them. */
  async #meetServers(): Promise<void> {
    if (!this.#servers) return;
    const offered = await this.#parts.mcp.tools();
    this.tools = [...this.tools, ...offered];
    this.specs = [...this.specs, ...specs(offered)];
  }

  /** The directory's word that the chat was removed came before its new settings. */
  #removed(): false {
    const { settings } = this.#room;
    if (settings?.registered) this.#room.configure({ ...settings, registered: false, main: false });
    return false;
  }

  /** A new group's folder gets its templates, once; what people delete stays deleted. */
  async #furnish(): Promise<void> {
    await takeOver(this.#room);
    if (this.#room.get("furnished") || !this.#room.registered) return;
    const changes = Object.entries(GROUP_TEMPLATES).map(([name, content]) => ({
      path: `${HOME}/${name}`,
      content,
    }));
    const host = { by: "host", name: "nanoflare", trust: "owner" as const };
    await this.#parts.workspace.write(changes, host, () => this.#room.set("furnished", true));
  }

  async #loop(): Promise<LoopEnd> {
    weighPrompt(this.#room, this.#parts, this.#turn);
    if (this.#turn.kind === "compact") return this.#compact("asked");
    if (this.#isSide) return runLoop(this);
    const tokens = estimateTokens({ messages: await this.conversation(), tools: this.specs });
    if (needsCompaction(tokens, this.#brain.choice.contextWindow)) await this.#compact("full");
    for (let compactions = 0; ; compactions++) {
      const end = await runLoop(this);
      if (end.type !== "context-length" || compactions >= COMPACTIONS) return end;
      const compacted = await this.#compact("full");
      if (compacted.type !== "answer") return compacted;
    }
  }

  #compact(why: "asked" | "full"): Promise<LoopEnd> {
    return compact(this.#room, this.#parts, this.#turn, this.#brain, this.#grant, this, why);
  }

  #end(end: LoopEnd): void {
    const write = this.#isSide ? endSideTurn : endTurn;
    write(this.#room, this.#parts, this.#turn, end);
  }
}
