import { and, eq } from "drizzle-orm";
import type { LoopEvent } from "../agent/events.ts";
import { StreamGate } from "../agent/say.ts";
import type { Send } from "../channels/channel.ts";
import type { Room } from "./room.ts";
import { outbox } from "./schema.ts";
import type { TurnRow } from "./turns.ts";

/** The final edit always has room: streaming stops this many edits before the platform's limit. */
const SPARE_EDITS = 3;

/**
 * Shows an answer while it is written: drafts where the platform has them, else edits of one message whose outbox
 * row exists before its first part leaves. Best effort: what is shown here is never the only copy.
 */
export class Streaming {
  readonly #room: Room;
  readonly #turn: TurnRow;
  readonly #mode: "drafts" | "edits" | "none";
  readonly #draftId: number;
  #gate = new StreamGate();
  #shown = "";
  #timer: ReturnType<typeof setTimeout> | null = null;
  #sending: Promise<void> = Promise.resolve();
  #row: string | undefined;
  #messageId: string | undefined;
  #edits = 0;
  #ended = false;

  constructor(room: Room, turn: TurnRow) {
    this.#room = room;
    this.#turn = turn;
    const modes = room.channel?.limits.streaming;
    this.#mode = (room.direct ? modes?.direct : modes?.group) ?? "none";
    this.#draftId = (turn.createdAt % 2_000_000_000) + 1;
    // After a restart the answer goes on in the message that is out already.
    const open = streamed(room, turn.id).find((row) => row.sentIds[0] !== undefined);
    this.#row = open?.id;
    this.#messageId = open?.sentIds[0];
  }

  /** The answer as far as people see it, as markdown. */
  get shown(): string {
    return this.#shown;
  }

  on(event: LoopEvent): void {
    if (event.type === "call" || event.type === "restart") this.#gate = new StreamGate();
    if (event.type === "text") this.#text(event.delta);
    if (event.type === "tool") this.#activity(`${event.name}${event.summary ? `: ${event.summary}` : ""}`);
    if (event.type === "tools-done" || event.type === "call") this.#activity("");
  }

  /** Ends the stream, after the request that is under way: its message's id is known then. */
  async end(): Promise<void> {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#sending;
  }

  #text(delta: string): void {
    this.#gate.push(delta);
    if (this.#mode === "none" || this.#timer || this.#ended) return;
    // The first sight waits one interval too: a quick answer is sent once, whole.
    this.#timer = setTimeout(() => this.#show(), this.#room.channel!.limits.editIntervalMs);
  }

  #show(): void {
    this.#timer = null;
    const text = this.#gate.visible().trim();
    if (this.#ended || !text || text === this.#shown) return;
    this.#shown = text;
    this.#sending = this.#sending
      .then(() => (this.#mode === "drafts" ? this.#draft(text) : this.#edit(text)))
      .catch(() => {});
  }

  async #draft(text: string): Promise<void> {
    const part = this.#part(text);
    if (part) await this.#send({ type: "draft", to: this.#to(), part, draftId: this.#draftId });
  }

  async #edit(text: string): Promise<void> {
    const part = this.#part(text);
    if (!part || this.#ended) return;
    if (!this.#row) return this.#first(part);
    if (!this.#messageId || this.#edits >= this.#room.channel!.limits.editsPerMessage - SPARE_EDITS) return;
    this.#edits++;
    await this.#send({
      type: "edit",
      to: this.#to(),
      messageId: this.#messageId,
      part,
      key: `${this.#row}:${this.#edits}`,
    });
  }

  /** The row is written in the same tick as the request; its id is known before anything is seen. */
  async #first(part: { body: string; plain: string }): Promise<void> {
    const { db, now } = this.#room;
    const row = streamRow(this.#room, this.#turn);
    db.insert(outbox).values(row).onConflictDoNothing().run();
    this.#row = row.id;
    const sent = await this.#send({ type: "message", to: this.#to(), part, key: row.id });
    if (sent.outcome !== "sent") return;
    this.#messageId = sent.messageId;
    db.update(outbox)
      .set({ sentIds: [sent.messageId], sentAt: now() })
      .where(eq(outbox.id, row.id))
      .run();
  }

  /** Only the first part is streamed; the rest of a long answer follows at its end. */
  #part(text: string) {
    return this.#room.channel?.render(text)[0];
  }

  #to() {
    return { chatId: this.#room.chatId, ...(this.#turn.thread ? { thread: this.#turn.thread } : {}) };
  }

  #activity(text: string): void {
    if (!this.#ended) void this.#send({ type: "activity", to: this.#to(), text });
  }

  #send(send: Send) {
    return this.#room.channel!.send(send, this.#room.channelEnv);
  }
}

/** The rows that a turn streams into: one, or more where a restart hid whether the first one arrived. */
export function streamed(room: Room, turn: string) {
  const open = and(eq(outbox.turn, turn), eq(outbox.state, "streaming"));
  return room.db.select().from(outbox).where(open).all();
}

function streamRow(room: Room, turn: TurnRow) {
  const id = room.newId();
  return {
    id,
    key: `stream:${turn.id}:${id}`,
    turn: turn.id,
    thread: turn.thread,
    text: "",
    state: "streaming" as const,
    part: 0,
    sentIds: [],
    plain: false,
    boot: room.boot,
    attempts: 1,
    repeated: false,
    edits: 0,
    nextAt: room.now(),
    createdAt: room.now(),
    trust: turn.trust,
    trace: turn.trace,
  };
}
