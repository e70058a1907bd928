import { DurableObject } from "cloudflare:workers";
import type { MemoryAnswer, MemoryRequest } from "../agent/memory.ts";
import type { SkillAnswer, SkillRequest } from "../agent/skill-requests.ts";
import type { TaskAnswer, TaskRequest } from "../agent/tasks.ts";
import type { Address, Inbound } from "../channels/channel.ts";
import type { ShownMessage } from "../channels/web/frames.ts";
import migrations from "../migrations/group/migrations.js";
import { Admission } from "./admission.ts";
import type { Decided, Relayed } from "./approvals/approvals.ts";
import type { Decider } from "./approvals/schema.ts";
import { type ShownApproval, shownApprovals } from "./approvals/shown.ts";
import type { Answer } from "./approvals/words.ts";
import { bootId, continueAfter } from "./clock.ts";
import { Commands } from "./commands.ts";
import { readConfig } from "./config.ts";
import { Console } from "./console.ts";
import { Crew, IDLE_MS } from "./crew.ts";
import { openDatabase } from "./database.ts";
import { type HandedOver, handOver, release, takeOver } from "./files/hand-over.ts";
import { Memory, type MemoryAsker } from "./files/memory.ts";
import { makeParts } from "./make-parts.ts";
import { type AgentAnswer, type AgentCall, AgentDesk } from "./mcp/agent-desk.ts";
import type { McpView } from "./mcp/mcp-view.ts";
import { Reception } from "./messages/reception.ts";
import { newestId } from "./newest-id.ts";
import type { PinnedFile } from "./outbox/pins.ts";
import type { Parts } from "./parts.ts";
import { forgetOld } from "./retention.ts";
import { Room } from "./room.ts";
import type { AuditEntry, DeadLetter, GroupSettings, GroupStatus, GroupVerbs, Receipt } from "./rpc.ts";
import { SkillDesk } from "./skills/skill-desk.ts";
import { statusOf } from "./status.ts";
import type { Asker } from "./tasks/asker.ts";
import { welcome } from "./welcome.ts";

/**
 * One group chat: its messages, its turns, its clock. Events come in through `receive` and are acknowledged once they
 * are rows; the crew then works on the rows, and the alarm finds what a crash left behind.
 */
export class Group extends DurableObject<Env> implements GroupVerbs {
  readonly #room: Room;
  readonly #parts: Parts;
  readonly #admission: Admission;
  readonly #reception: Reception;
  readonly #console: Console;
  readonly #crew: Crew;
  readonly #agents: AgentDesk;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const db = openDatabase(ctx, migrations);
    continueAfter(newestId(db));
    this.#room = new Room(ctx, env, db, readConfig(env), bootId());
    this.#parts = this.#makeParts();
    this.#admission = new Admission(this.#room);
    this.#console = new Console(this.#room, this.#parts, (message) => this.receive(message));
    const commands = new Commands(this.#room, this.#parts, this.#admission);
    const desk = { admission: this.#admission, commands, console: this.#console };
    this.#reception = new Reception(this.#room, this.#parts, desk);
    this.#crew = new Crew(this.#room, this.#parts, () => this.#admission.directory, this.#console);
    this.#agents = new AgentDesk(this.#room, this.#parts, () => this.#admission.directory);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    void ctx.blockConcurrencyWhile(() => this.#boot());
  }

  /** Stores an event and answers what became of it. Work on it starts at once and is not waited for. */
  async receive(event: Inbound): Promise<Receipt> {
    return this.#reception.receive(event);
  }

  /** The watchdog: arms the next look first, then starts what is due. Never throws, returns at once. */
  override async alarm(): Promise<void> {
    await this.#forgetIfIdle();
    this.#crew.rang();
  }

  async wake(): Promise<void> {
    this.#crew.pump();
  }

  /** Only console sockets come this way; the door checked who it is. */
  override async fetch(request: Request): Promise<Response> {
    return this.#console.accept(request);
  }

  override async webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): Promise<void> {
    await this.#console.message(socket, data);
  }

  override async webSocketClose(socket: WebSocket, code: number): Promise<void> {
    // 1005 and 1006 say that no code came; they may not be sent back.
    socket.close(code === 1005 || code === 1006 ? 1000 : code);
  }

  async stop(): Promise<boolean> {
    return this.#parts.stop();
  }

  async status(): Promise<GroupStatus> {
    return statusOf(this.#room, this.#parts);
  }

  async history(range: { before?: string; after?: string; limit: number }): Promise<ShownMessage[]> {
    return this.#parts.transcript.history({ ...range, limit: Math.min(Math.max(range.limit, 1), 500) });
  }

  async configure(settings: GroupSettings): Promise<void> {
    if ((this.#room.settings?.version ?? -1) < settings.version) this.#room.configure(settings);
    if (!settings.registered || settings.paused) this.#parts.stop();
    welcome(this.#room, this.#parts);
    await takeOver(this.#room);
    this.#crew.pump();
  }

  /** Says something that is nobody's answer, once a key. */
  async notify(key: string, text: string, files: PinnedFile[] = [], fanOut = true): Promise<void> {
    const own = await this.#parts.pins.adopt(files);
    this.#room.transaction(() => this.#parts.announce(key, text, own, fanOut));
    this.#crew.pump();
  }

  /** The chat's past is kept by another object from now on. */
  async forwardTo(address: Address): Promise<void> {
    if (address !== this.#room.address) this.#room.set("forwardTo", address);
  }

  async handOver(after: string): Promise<HandedOver> {
    return handOver(this.#room.db, after);
  }

  async release(folder: string, settings: GroupSettings): Promise<void> {
    await this.configure(settings);
    release(this.#room, folder);
  }

  async audit(limit: number): Promise<AuditEntry[]> {
    return this.#parts.audit.list(limit);
  }

  /** Tasks of this group, asked for by main elsewhere or by the owner's doors, which checked who asks. */
  async tasks(request: TaskRequest, asker: Asker): Promise<TaskAnswer> {
    if (!this.#room.registered && !(await this.#admission.learn()))
      return { ok: false, said: "This chat is not registered, so it has no tasks." };
    const answer = this.#room.transaction(() => this.#parts.desk.ask(request, asker));
    this.#crew.pump();
    return answer;
  }

  async memory(request: MemoryRequest, asker: MemoryAsker): Promise<MemoryAnswer> {
    return new Memory(this.#room, this.#parts, () => this.#admission.directory).ask(request, asker);
  }

  /** Main is asked about a call of another chat. */
  async askApproval(call: Relayed): Promise<void> {
    this.#room.transaction(() => this.#room.main && this.#parts.approvals.relayed(call));
    this.#crew.pump();
  }

  /** A call of another chat that main was asked about is over. */
  async settleApproval(origin: Address, number: number, how: Pick<Decided, "state" | "by">): Promise<void> {
    const { approvals } = this.#parts;
    this.#room.transaction(() => approvals.settled(approvals.about(origin, number), how));
    this.#crew.pump();
  }

  /** A call of this chat is answered: in main, whose object says who does, or at the owner's doors. */
  async decideApproval(answer: Answer, by: Decider, from: string): Promise<Decided> {
    const decided = this.#room.transaction(() => this.#parts.approvals.decide(answer, by, from));
    this.#crew.pump();
    return decided;
  }

  async approvals(): Promise<ShownApproval[]> {
    return shownApprovals(this.#parts.approvals);
  }

  async agentCall(call: AgentCall): Promise<AgentAnswer> {
    if (!this.#room.registered) await this.#admission.learn();
    return this.#agents.call(call);
  }

  async mcp(ask: boolean): Promise<McpView[]> {
    return this.#parts.mcp.status(ask);
  }

  async skills(request: SkillRequest): Promise<SkillAnswer> {
    return new SkillDesk(this.#parts).ask(request);
  }

  /** Beats now, or says what the heartbeat does. */
  async heartbeat(verb: "now" | "status"): Promise<string> {
    if (verb === "status") return this.#parts.heartbeat.status();
    const said = this.#parts.heartbeat.now();
    this.#crew.pump();
    return said;
  }

  async companionBack(): Promise<void> {
    this.#parts.outbox.absence.end();
    this.#crew.pump();
  }

  async deadLetters(): Promise<DeadLetter[]> {
    return this.#parts.outbox.deadLetters();
  }

  async resend(id: string): Promise<boolean> {
    const queued = this.#parts.outbox.resend(id);
    this.#crew.pump();
    return queued;
  }

  #makeParts(): Parts {
    const crew = () => this.#crew;
    return makeParts(this.#room, {
      pump: () => crew().pump(),
      arrived: (thread) => crew().arrived(thread),
      speak: () => crew().speak(),
      stop: (turn) => crew().stop(turn),
      running: () => crew().chatRun !== undefined,
      draft: () => crew().chatRun?.draft ?? "",
    });
  }

  async #boot(): Promise<void> {
    const armedAt = await this.ctx.storage.getAlarm();
    if (!this.#parts.backlog.waiting()) forgetOld(this.#room);
    // Readers see rows, not R2: what a crash left there may be mended beside the work.
    void this.#parts.workspace
      .repair()
      .catch((error) => this.#room.report("files could not be repaired", error));
    void this.#parts.pins
      .forgetOld()
      .catch((error) => this.#room.report("old files could not be removed", error));
    this.#crew.boot(armedAt);
  }

  async #forgetIfIdle(): Promise<void> {
    const heard = this.#room.get("heardAt");
    if (this.#room.settings || !heard || heard + IDLE_MS > this.#room.now()) return;
    await this.ctx.storage.deleteAll();
    this.ctx.abort("forgotten");
  }
}
