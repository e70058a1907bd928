import { and, eq, sql } from "drizzle-orm";
import type { LoopEvent } from "../../agent/events.ts";
import { StreamGate } from "../../agent/say.ts";
import type { Send, Sent } from "../../channels/channel.ts";
import { blank } from "../outbox/outgoing.ts";
import { spoken } from "../outbox/spoken.ts";
import type { Parts } from "../parts.ts";
import { prepared } from "../prepared.ts";
import type { Room } from "../room.ts";
import { outbox } from "../schema.ts";
import type { TurnRow } from "./turns.ts";

/** The final edit always has room: streaming stops this many edits before the platform's limit. */
const SPARE_EDITS = 3;
/** The same of the sends that a chat takes in a minute. */
const SPARE_SENDS = 3;

/**
 * Shows an answer while it is written: drafts where the platform has them, else edits of one message whose outbox
 * row exists before its first part leaves. Best effort: what is shown here is never the only copy.
 */
export class Streaming {
  readonly #room: Room;
  readonly #parts: Parts;
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
  #refused = false;
  #ended = false;

  constructor(room: Room, parts: Parts, turn: TurnRow) {
    this.#room = room;
    this.#parts = parts;
    this.#turn = turn;
    const modes = room.channel?.limits.streaming;
    this.#mode = (room.direct ? modes?.direct : modes?.group) ?? "none";
    this.#draftId = (turn.createdAt % 2_000_000_000) + 1;
    // After a restart the answer goes on in the message that is out already.
    const open = streamed(room, turn.id).find((row) => row.sentIds[0] !== undefined);
    this.#row = open?.id;
    this.#messageId = open?.sentIds[0];
    this.#edits = open?.edits ?? 0;
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
    if (!part || this.#ended || this.#refused || !this.#hasRoom()) return;
    if (!this.#row) return this.#first(part);
    if (!this.#messageId || this.#edits >= this.#room.channel!.limits.editsPerMessage - SPARE_EDITS) return;
    const [id, messageId] = [this.#row, this.#messageId];
    // Written before it leaves, so that the final edit has room after a crash too.
    this.#update(id, { edits: ++this.#edits });
    const key = `${id}:${this.#edits}`;
    await this.#say({ type: "edit", to: this.#to(), messageId, part, unfinished: true, key });
  }

  /** The row is written in the same tick as the request; its id is known before anything is seen. */
  async #first(part: { body: string; plain: string }): Promise<void> {
    const row = streamRow(this.#room, this.#turn, this.#parts.inbox.answers(this.#turn.id));
    this.#room.db.insert(outbox).values(row).onConflictDoNothing().run();
    this.#row = row.id;
    const replyTo = row.replyTo ? { replyTo: row.replyTo } : {};
    const piece = { part, unfinished: true, key: row.id, ...replyTo };
    const sent = await this.#say({ type: "message", to: this.#to(), ...piece });
    if (sent.outcome === "sent") {
      this.#messageId = sent.messageId;
      this.#update(row.id, { sentIds: [sent.messageId], sentAt: this.#room.now() });
    } else if (sent.outcome !== "unknown") this.#forget(row.id);
  }

  /** Nothing was shown: the whole answer is sent at the end, as if nothing had been streamed. */
  #forget(id: string): void {
    this.#room.db.delete(outbox).where(eq(outbox.id, id)).run();
    this.#row = undefined;
    this.#refused = true;
  }

  #update(id: string, change: Partial<typeof outbox.$inferInsert>): void {
    this.#room.db.update(outbox).set(change).where(eq(outbox.id, id)).run();
  }

  #hasRoom(): boolean {
    return this.#parts.outbox.pace.room(this.#room.now()) > SPARE_SENDS;
  }

  /** A message or an edit, which the platform counts. */
  #say(send: Send): Promise<Sent> {
    this.#parts.outbox.pace.count(this.#room.now());
    return this.#send(send);
  }

  /** Only the first part is streamed; the rest of a long answer follows at its end. */
  #part(text: string) {
    return spoken(this.#room, text)[0];
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
  return STREAMED(room.db).all({ turn });
}

const STREAMED = prepared((db) => {
  const open = and(eq(outbox.turn, sql.placeholder("turn")), eq(outbox.state, "streaming"));
  return db.select().from(outbox).where(open).prepare();
});

function streamRow(room: Room, turn: TurnRow, answers: string | undefined) {
  const id = room.newId();
  return {
    ...blank(room),
    id,
    key: `stream:${turn.id}:${id}`,
    turn: turn.id,
    thread: turn.thread,
    text: "",
    replyTo: answers ?? null,
    state: "streaming" as const,
    boot: room.boot,
    attempts: 1,
    trust: turn.trust,
    trace: turn.trace,
  };
}
