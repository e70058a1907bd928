import { DurableObject } from "cloudflare:workers";
import type { Address, Inbound } from "../channels/channel.ts";
import type { ShownMessage } from "../channels/web/frames.ts";
import migrations from "../migrations/group/migrations.js";
import { Admission } from "./admission.ts";
import { Alarm } from "./alarm.ts";
import { Audit } from "./audit.ts";
import { Backlog } from "./backlog.ts";
import { bootId } from "./clock.ts";
import { Commands } from "./commands.ts";
import { readConfig } from "./config.ts";
import { Console } from "./console.ts";
import { openDatabase } from "./database.ts";
import { Inbox } from "./inbox.ts";
import { Lane } from "./lanes.ts";
import { Outbox } from "./outbox.ts";
import { Reception } from "./reception.ts";
import { forgetOld } from "./retention.ts";
import { Room } from "./room.ts";
import type { AuditEntry, DeadLetter, GroupSettings, GroupStatus, GroupVerbs, Receipt } from "./rpc.ts";
import { statusOf } from "./status.ts";
import { Transcript } from "./transcript.ts";
import { TurnRun } from "./turn-run.ts";
import { Turns } from "./turns.ts";
import { Ledger } from "./usage.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

/** A chat that nobody registered is forgotten after so long without a word. */
const IDLE_MS = 30 * 24 * 3600_000;

/** The parts of a group that its commands and its console use. */
export interface Parts {
  inbox: Inbox;
  outbox: Outbox;
  transcript: Transcript;
  backlog: Backlog;
  turns: Turns;
  ledger: Ledger;
  audit: Audit;
  workspace: Workspace;
  /** Queues something that is nobody's answer, once a key. Call it inside the transaction of its cause. */
  say(key: string, text: string, thread: string): void;
  /** Arms the alarm for what is due, then starts both lanes. */
  pump(): void;
  /** A waking message was stored: it joins the running turn, or wakes one. */
  arrived(thread: string): void;
  /** Starts the lane that speaks. */
  speak(): void;
  /** Stops the running turn. False when none runs. */
  stop(): boolean;
  running(): boolean;
  /** The answer that is being written, as far as it is shown; empty when there is none. */
  draft(): string;
}

/**
 * One group chat: its messages, its turns, its clock. Events come in through `receive` and are acknowledged once they
 * are rows; two lanes then work on the rows, and the alarm finds what a crash left behind.
 */
export class Group extends DurableObject<Env> implements GroupVerbs {
  readonly #room: Room;
  readonly #parts: Parts;
  readonly #admission: Admission;
  readonly #reception: Reception;
  readonly #console: Console;
  readonly #chat: Lane;
  readonly #speech: Lane;
  #alarm: Alarm;
  #run: TurnRun | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const db = openDatabase(ctx, migrations);
    this.#room = new Room(ctx, env, db, readConfig(env), bootId());
    this.#alarm = new Alarm(this.#room, null);
    this.#parts = this.#makeParts();
    this.#admission = new Admission(this.#room);
    this.#console = new Console(this.#room, this.#parts, (message) => this.receive(message));
    const commands = new Commands(this.#room, this.#parts, this.#admission);
    const desk = { admission: this.#admission, commands, console: this.#console };
    this.#reception = new Reception(this.#room, this.#parts, desk);
    this.#chat = new Lane(this.#room, "chat", () => this.#work());
    this.#speech = new Lane(this.#room, "outbox", () => this.#speak());
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
    void ctx.blockConcurrencyWhile(() => this.#boot());
  }

  /** Stores an event and answers what became of it. Work on it starts at once and is not waited for. */
  async receive(event: Inbound): Promise<Receipt> {
    return this.#reception.receive(event);
  }

  /** The watchdog: arms the next look first, then starts what is due. Never throws, returns at once. */
  override async alarm(): Promise<void> {
    this.#alarm.fired(JSON.stringify(this.#needs()));
    await this.#forgetIfIdle();
    this.#pump();
  }

  async wake(): Promise<void> {
    this.#pump();
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
    if ((this.#room.settings?.version ?? -1) < settings.version) this.#room.set("settings", settings);
    if (!settings.registered) this.#parts.stop();
  }

  /** Says something that is nobody's answer, once a key. */
  async notify(key: string, text: string): Promise<void> {
    this.#room.transaction(() => this.#say(key, text, ""));
    this.#pump();
  }

  /** The chat's past is kept by another object from now on. */
  async forwardTo(address: Address): Promise<void> {
    if (address !== this.#room.address) this.#room.set("forwardTo", address);
  }

  async audit(limit: number): Promise<AuditEntry[]> {
    return this.#parts.audit.list(limit);
  }

  async deadLetters(): Promise<DeadLetter[]> {
    return this.#parts.outbox.deadLetters();
  }

  async resend(id: string): Promise<boolean> {
    const queued = this.#parts.outbox.resend(id);
    this.#pump();
    return queued;
  }

  #makeParts(): Parts {
    const room = this.#room;
    const inbox = new Inbox(room);
    const transcript = new Transcript(room, inbox);
    const backlog = new Backlog(room, inbox, transcript);
    const ledger = new Ledger(room);
    return {
      inbox,
      transcript,
      backlog,
      ledger,
      audit: new Audit(room),
      outbox: new Outbox(room),
      turns: new Turns(room, inbox, transcript, backlog, ledger),
      workspace: openWorkspace(room),
      say: (key, text, thread) => this.#say(key, text, thread),
      pump: () => this.#pump(),
      arrived: (thread) => this.#arrived(thread),
      speak: () => this.#speech.start(),
      stop: () => this.#run?.stop() ?? false,
      running: () => this.#run !== undefined,
      draft: () => this.#run?.draft ?? "",
    };
  }

  async #boot(): Promise<void> {
    this.#alarm = new Alarm(this.#room, await this.ctx.storage.getAlarm());
    if (!this.#parts.backlog.waiting()) forgetOld(this.#room);
    // Readers see rows, not R2: what a crash left there may be mended beside the work.
    void this.#parts.workspace
      .repair()
      .catch((error) => this.#room.report("files could not be repaired", error));
    this.#pump();
  }

  /** The chat lane: one turn after the other, until nothing is due. */
  async #work(): Promise<void> {
    for (let turn = this.#parts.turns.claim(); turn; turn = this.#parts.turns.claim()) {
      this.#arm();
      if (this.#room.isConsole) this.#console.busy(true);
      try {
        this.#run = new TurnRun(this.#room, this.#parts, this.#admission.directory, turn);
        await this.#run.run();
      } catch (error) {
        this.#room.report("a turn was interrupted", error);
        this.#parts.turns.release(turn, error instanceof Error ? error.message : String(error));
      } finally {
        this.#run = undefined;
        if (this.#room.isConsole) this.#console.ended(turn.id);
      }
      this.#speech.start();
    }
    await this.#settleTurns();
    this.#arm();
    await this.#writeBacklog();
  }

  /** What a long silence has left to write, with room between the pages for what comes in. */
  async #writeBacklog(): Promise<void> {
    while (this.#parts.turns.nextAt() === undefined && this.#parts.backlog.write()) await scheduler.wait(0);
    this.#arm();
  }

  /** Tells the directory what ended turns have cost; after a crash here it is told again. */
  async #settleTurns(): Promise<void> {
    for (const turn of this.#parts.turns.unclosed()) {
      const { usd, tokens } = this.#parts.ledger.ofTurn(turn.id);
      await this.#admission.directory.close({
        turnId: turn.id,
        usedUsd: usd,
        usedTokens: tokens,
        lastActivityAt: this.#room.now(),
      });
      this.#parts.turns.closed(turn.id);
    }
  }

  async #speak(): Promise<void> {
    await this.#parts.outbox.deliver();
    this.#arm();
  }

  #say(key: string, text: string, thread: string): void {
    const id = this.#parts.outbox.say({ key, text, thread });
    if (!id) return;
    const { transcript } = this.#parts;
    transcript.addOurs({ id, role: "notice", text, thread, session: transcript.session(thread).id });
  }

  #arrived(thread: string): void {
    this.#arm();
    this.#run?.arrived(thread);
    this.#chat.start();
  }

  /** Arms first, then starts both lanes. */
  #pump(): void {
    this.#arm();
    this.#speech.start();
    this.#chat.start();
  }

  #arm(): void {
    this.#alarm.arm(this.#needs(), this.#chat.busy || this.#speech.busy);
  }

  /** When something is due next, lane by lane. */
  #needs(): (number | undefined)[] {
    const heard = this.#room.get("heardAt");
    const expiry = !this.#room.registered && heard ? heard + IDLE_MS : undefined;
    const owed = this.#parts.backlog.waiting() || this.#parts.turns.unclosed().length > 0 ? 0 : undefined;
    return [this.#parts.turns.nextAt(), this.#parts.outbox.nextAt(), owed, expiry];
  }

  async #forgetIfIdle(): Promise<void> {
    const heard = this.#room.get("heardAt");
    if (this.#room.registered || !heard || heard + IDLE_MS > this.#room.now()) return;
    await this.ctx.storage.deleteAll();
    this.ctx.abort("forgotten");
  }
}
