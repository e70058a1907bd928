import { and, asc, eq, inArray, ne, sql } from "drizzle-orm";
import type { Part, Send, Sent } from "../channels/channel.ts";
import { Absence } from "./absence.ts";
import { Pace } from "./pace.ts";
import { prepared } from "./prepared.ts";
import type { Room } from "./room.ts";
import type { DeadLetter } from "./rpc.ts";
import { outbox } from "./schema.ts";

export type OutboxRow = typeof outbox.$inferSelect;

/** What is to be said. The same `key` makes one row, however often it is said. */
export interface Saying {
  key: string;
  text: string;
  thread: string;
  turn?: string;
  replyTo?: string;
  trust?: OutboxRow["trust"];
  trace?: string;
}

const ATTEMPTS = 12;
const LONGEST_PAUSE_MS = 5 * 60_000;
const OPEN = ["queued", "sending"] as const;

/** The oldest that is not out yet. */
const NEXT = prepared((db) => {
  const open = inArray(outbox.state, [...OPEN]);
  return db.select().from(outbox).where(open).orderBy(asc(outbox.id)).limit(1).prepare();
});
/** What another boot was sending. */
const DEAD = prepared((db) => {
  const dead = and(eq(outbox.state, "sending"), ne(outbox.boot, sql.placeholder("boot")));
  return db.select().from(outbox).where(dead).prepare();
});

/**
 * The lane that speaks. Rows go out in order, part by part; `sending` is written in the same tick as the request,
 * so a row that a dead boot left in `sending` may have arrived.
 */
export class Outbox {
  readonly #room: Room;
  /** All that is sent to the chat counts here, streamed pieces too. */
  readonly pace: Pace;
  readonly absence: Absence;

  constructor(room: Room) {
    this.#room = room;
    this.pace = new Pace(room.channel?.limits.perMinute ?? 60);
    this.absence = new Absence(room);
  }

  /** Queues a saying. Call it inside the transaction of its cause. Answers the new row's id, undefined for a known key. */
  say(saying: Saying, id = this.#room.newId()): string | undefined {
    // Rendered here: a text that kills the object then counts against its turn, instead of each time it is to be sent.
    const parts = this.#room.channel?.render(saying.text) ?? null;
    const row = { ...blank(this.#room.now()), ...saying, id, parts, trace: saying.trace ?? id };
    const rows = this.#room.db
      .insert(outbox)
      .values(row)
      .onConflictDoNothing()
      .returning({ id: outbox.id })
      .all();
    return rows[0]?.id;
  }

  /** The earliest moment at which something can be sent, or undefined when nothing is open. */
  nextAt(): number | undefined {
    return this.#next()?.nextAt;
  }

  /** A dead boot's sends: harmless to repeat where the platform has a key, else repeated once and marked so. */
  recover(): void {
    const dead = DEAD(this.#room.db).all({ boot: this.#room.boot });
    for (const row of dead) this.#settleUnknown(row, "the assistant was restarted while this was sent", true);
  }

  /** Sends all that is due, in order. Returns when nothing is due any more. */
  async deliver(): Promise<void> {
    this.recover();
    for (let row = this.#next(); row && row.nextAt <= this.#room.now(); row = this.#next()) {
      const pause = this.pace.pause(this.#room.now());
      if (pause > 0) return this.#update(row, { nextAt: this.#room.now() + pause });
      await this.#sendPart(row);
    }
  }

  deadLetters(): DeadLetter[] {
    const rows = this.#room.db
      .select()
      .from(outbox)
      .where(inArray(outbox.state, ["failed", "unknown"]))
      .orderBy(asc(outbox.id))
      .limit(100)
      .all();
    return rows.map((row) => ({
      id: row.id,
      state: row.state as DeadLetter["state"],
      text: row.text.slice(0, 200),
      reason: row.reason ?? "",
      at: row.createdAt,
    }));
  }

  /** Queues a dead letter again, from its first unsent part. */
  resend(id: string): boolean {
    const fresh = { state: "queued", attempts: 0, nextAt: this.#room.now(), reason: null } as const;
    const rows = this.#room.db
      .update(outbox)
      .set(fresh)
      .where(and(eq(outbox.id, id), inArray(outbox.state, ["failed", "unknown"])))
      .returning({ id: outbox.id })
      .all();
    return rows.length > 0;
  }

  count(...states: OutboxRow["state"][]): number {
    const row = this.#room.db
      .select({ n: sql<number>`count(*)` })
      .from(outbox)
      .where(inArray(outbox.state, states))
      .get();
    return row?.n ?? 0;
  }

  #next(): OutboxRow | undefined {
    return NEXT(this.#room.db).get();
  }

  async #sendPart(row: OutboxRow): Promise<void> {
    const channel = this.#room.channel;
    if (!channel)
      return this.#update(row, {
        state: "failed",
        reason: "this chat's channel is not part of this version",
      });
    const parts = row.parts ?? channel.render(row.text);
    const part = parts[row.part];
    if (!part) return this.#done(row);
    this.#update(row, { state: "sending", boot: this.#room.boot, attempts: row.attempts + 1, parts });
    const { ends } = this.absence;
    const sent = await channel.send(this.#send(row, part), this.#room.channelEnv);
    if (sent.outcome === "absent") return this.#wait({ ...row, parts }, sent, ends);
    this.pace.count(this.#room.now());
    this.#finish({ ...row, attempts: row.attempts + 1, parts }, sent);
  }

  /** A part whose platform id is known already (it was streamed) is edited, the others are sent. */
  #send(row: OutboxRow, part: Part): Send {
    const to = { chatId: this.#room.chatId, ...(row.thread ? { thread: row.thread } : {}) };
    const key = `${row.id}${row.part === 0 ? "" : `:${row.part}`}`;
    const messageId = row.sentIds[row.part];
    if (messageId) return { type: "edit", to, messageId, part, asPlain: row.plain, key };
    const after = row.sentIds[row.part - 1];
    const replyTo = row.part === 0 && row.replyTo ? { replyTo: row.replyTo } : {};
    return { type: "message", to, part, asPlain: row.plain, key, ...replyTo, ...(after ? { after } : {}) };
  }

  /** Nothing is armed for it but a slow look: the companion knocks when it is back. Waiting is no attempt. */
  #wait(row: OutboxRow, { reason, given }: Extract<Sent, { outcome: "absent" }>, ends: number): void {
    const nextAt = this.absence.nextLook(row, ends);
    if (nextAt !== undefined)
      return this.#update(row, { state: "queued", attempts: row.attempts, nextAt, reason });
    if (given) return this.#unknown(row, reason);
    this.#fail(row, `It waited for a day. ${reason}`);
  }

  #finish(row: OutboxRow, sent: Exclude<Sent, { outcome: "absent" }>): void {
    const now = this.#room.now();
    switch (sent.outcome) {
      case "sent":
        return this.#partSent(row, sent.messageId);
      case "retry":
        if (row.attempts >= ATTEMPTS) return this.#fail(row, sent.reason);
        return this.#update(row, {
          state: "queued",
          nextAt: now + pauseMs(row.attempts, sent.afterMs),
          reason: sent.reason,
        });
      case "markup":
        if (row.plain) return this.#fail(row, sent.reason);
        return this.#update(row, { state: "queued", plain: true, reason: sent.reason });
      case "moved":
        this.#room.set("target", sent.chatId);
        return this.#update(row, { state: "queued", reason: "the chat has a new id" });
      case "failed":
        return this.#fail(row, sent.reason);
      case "unknown":
        return this.#settleUnknown(row, sent.reason, sent.mayRepeat === true, sent.keyless);
    }
  }

  #partSent(row: OutboxRow, messageId: string): void {
    const sentIds = [...row.sentIds];
    sentIds[row.part] = messageId;
    const next = { sentIds, part: row.part + 1, plain: false, attempts: 0 };
    if (row.part + 1 >= (row.parts?.length ?? 0))
      return this.#update(row, { ...next, state: "sent", sentAt: this.#room.now() });
    this.#update(row, { ...next, state: "queued" });
  }

  #done(row: OutboxRow): void {
    this.#update(row, { state: "sent", sentAt: this.#room.now() });
  }

  #fail(row: OutboxRow, reason: string): void {
    this.#update(row, { state: "failed", reason });
    this.#room.report("a message could not be sent", reason);
  }

  /**
   * An edit or a send that the platform's key covers is repeated. Without a key it is repeated once, where the request
   * probably never arrived or a restart hid its answer; the row says so. Everything else ends as `unknown`, for an
   * operator. See docs/decisions/0003-unknown-sends.md.
   */
  #settleUnknown(row: OutboxRow, reason: string, mayRepeat: boolean, keyless = false): void {
    const window = keyless ? 0 : (this.#room.channel?.limits.sendKey?.windowMs ?? 0);
    const covered = this.#room.now() - row.createdAt < window || row.sentIds[row.part] !== undefined;
    const nextAt = this.#room.now() + pauseMs(row.attempts, 0);
    if (covered && row.attempts < ATTEMPTS) return this.#update(row, { state: "queued", nextAt, reason });
    if (mayRepeat && !row.repeated) return this.#update(row, { state: "queued", repeated: true, reason });
    this.#unknown(row, reason);
  }

  #unknown(row: OutboxRow, reason: string): void {
    this.#update(row, { state: "unknown", reason });
    this.#room.report("a message may not have arrived", reason);
  }

  #update(row: OutboxRow, change: Partial<OutboxRow>): void {
    this.#room.db.update(outbox).set(change).where(eq(outbox.id, row.id)).run();
  }
}

function blank(now: number) {
  return {
    state: "queued" as const,
    part: 0,
    sentIds: [],
    plain: false,
    attempts: 0,
    repeated: false,
    edits: 0,
    nextAt: now,
    createdAt: now,
    trust: "owner" as const,
  };
}

/** The platform's own word on when to come back, and never faster than our growing pause. */
function pauseMs(attempts: number, asked: number): number {
  return Math.max(asked, Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (attempts - 1)));
}

/** Whether a turn already said this text through its tool. */
export function saidAlready(room: Room, turn: string, text: string): boolean {
  const said = room.db.select({ text: outbox.text }).from(outbox).where(eq(outbox.turn, turn)).all();
  return said.some((row) => row.text.trim() === text.trim());
}
