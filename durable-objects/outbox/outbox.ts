import { eq, inArray, sql } from "drizzle-orm";
import type { Sent } from "../../channels/channel.ts";
import { type FilePart, type OutgoingFile, planParts, takenApart } from "../../channels/files.ts";
import type { Choice } from "../../channels/press.ts";
import type { Room } from "../room.ts";
import type { DeadLetter } from "../rpc.ts";
import { outbox } from "../schema.ts";
import { Absence } from "./absence.ts";
import { deadLetters, resend } from "./dead-letters.ts";
import { FanOut } from "./fan-out.ts";
import { DEAD, NEXT, wasAmended } from "./outbox-queries.ts";
import { blank, GONE, sendOf } from "./outgoing.ts";
import { Pace } from "./pace.ts";
import type { PinnedFile, Pins } from "./pins.ts";
import { spoken } from "./spoken.ts";

export type OutboxRow = typeof outbox.$inferSelect;

/** What is to be said. The same `key` makes one row, however often it is said. */
export interface Saying {
  key: string;
  text: string;
  thread: string;
  turn?: string;
  replyTo?: string;
  /** Buttons below it, where the channel has any: the text says the same in words. */
  choices?: Choice[];
  trust?: OutboxRow["trust"];
  trace?: string;
  files?: PinnedFile[];
  fanOut?: boolean;
}

/** A platform takes this file in no way. */
type Refused = (row: OutboxRow, file: PinnedFile, why: string) => void;

type Absent = Extract<Sent, { outcome: "absent" | "retry" }>;

const ATTEMPTS = 12;
const LONGEST_PAUSE_MS = 5 * 60_000;
const UNREAD = { outcome: "retry", afterMs: 5000, reason: "The files could not be read." } as const;

/**
 * The lane that speaks. Rows go out in order, part by part; `sending` is written in the same tick as the request,
 * so a row that a dead boot left in `sending` may have arrived.
 */
export class Outbox {
  readonly #room: Room;
  readonly #pins: Pins;
  readonly #refused: Refused;
  readonly #fanOut: FanOut;
  /** All that is sent to the chat counts here, streamed pieces too. */
  readonly pace: Pace;
  readonly absence: Absence;

  constructor(room: Room, pins: Pins, refused: Refused) {
    this.#room = room;
    this.#pins = pins;
    this.#refused = refused;
    this.#fanOut = new FanOut(room);
    this.pace = new Pace(room.channel?.limits.perMinute ?? 60);
    this.absence = new Absence(room);
  }

  /** Queues a saying. Call it inside the transaction of its cause. Answers the new row's id, undefined for a known key. */
  say(saying: Saying, id = this.#room.newId()): string | undefined {
    // Rendered here: a text that kills the object then counts against its turn, instead of each time it is to be sent.
    const channel = this.#room.channel;
    const parts = channel
      ? planParts(spoken(this.#room, saying.text), saying.files ?? [], channel.limits.files)
      : null;
    const row = { ...blank(this.#room), ...saying, id, parts, trace: saying.trace ?? id };
    const rows = this.#room.db
      .insert(outbox)
      .values(row)
      .onConflictDoNothing()
      .returning({ id: outbox.id })
      .all();
    return rows[0]?.id;
  }

  /** Changes what was said, without its buttons: what is out already is edited. Call it inside the transaction of its cause. */
  amend(id: string, text: string): void {
    const now = this.#room.now();
    const again = {
      state: "queued",
      part: 0,
      attempts: 0,
      nextAt: now,
      createdAt: now,
      reason: null,
    } as const;
    const edits = sql`${outbox.edits} + 1`;
    this.#room.db
      .update(outbox)
      .set({ ...again, text, parts: spoken(this.#room, text), choices: null, edits })
      .where(eq(outbox.id, id))
      .run();
  }

  /** The earliest moment at which something can be sent, or undefined when nothing is open. */
  nextAt(): number | undefined {
    return this.#next()?.nextAt;
  }

  /** A dead boot's sends: repeated where that is harmless, once and marked so where the platform has no key. */
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
      const turn = await this.#fanOut.pause(row);
      if (turn > 0) this.#update(row, { nextAt: this.#room.now() + turn });
      else await this.#sendPart(row);
    }
  }

  deadLetters(): DeadLetter[] {
    return deadLetters(this.#room);
  }

  /** Queues a dead letter again, from its first unsent part. */
  resend(id: string): boolean {
    return resend(this.#room, id);
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
    return NEXT(this.#room.db).get({ now: this.#room.now() });
  }

  async #sendPart(row: OutboxRow): Promise<void> {
    const channel = this.#room.channel;
    if (!channel)
      return this.#update(row, {
        state: "failed",
        reason: "this chat's channel is not part of this version",
      });
    const parts = row.parts ?? spoken(this.#room, row.text);
    const part = parts[row.part];
    if (!part) return this.#done(row);
    const now = this.#room.now();
    // Looked at again as it leaves: the pause may have been longer than it was meant to be.
    if (row.state === "sending" && !this.#covers(row, now)) return this.#unknown(row, row.reason ?? "");
    const files = await this.#filesOf(row, part, channel.limits.files.byKey);
    if (files === "gone") return this.#withoutFiles({ ...row, parts }, "it is not kept any more");
    if (files === "unread") return this.#finish({ ...row, attempts: row.attempts + 1, parts }, UNREAD);
    const sentAt = row.state === "sending" ? row.sentAt : now;
    const attempts = row.attempts + 1;
    this.#update(row, { state: "sending", boot: this.#room.boot, attempts, parts, sentAt });
    const { ends } = this.absence;
    const sent = await channel.send(sendOf(this.#room, { ...row, parts }, files), this.#room.channelEnv);
    if (wasAmended(this.#room, row, sent)) return;
    if (sent.outcome === "absent" || "unreached" in sent) return this.#wait({ ...row, parts }, sent, ends);
    this.pace.count(this.#room.now());
    this.#finish({ ...row, attempts, parts, sentAt }, sent);
  }

  /** With their bytes, which are in memory for this one message. */
  async #filesOf(row: OutboxRow, part: FilePart, byKey = false): Promise<OutgoingFile[] | "gone" | "unread"> {
    const files = (part.files ?? []).map((place) => row.files![place]!);
    if (byKey || files.length === 0) return files;
    return this.#pins.load(files).catch(() => "unread" as const);
  }

  /** Waiting is no attempt, and changes nothing of what is known of an earlier one. */
  #wait(row: OutboxRow, { reason, ...sent }: Absent, ends: number): void {
    const nextAt = this.absence.nextLook(row, ends, "afterMs" in sent ? sent.afterMs : undefined);
    const { attempts } = row;
    const state = "given" in sent ? "sending" : row.state;
    if (nextAt !== undefined) return this.#update(row, { state, attempts, nextAt, reason });
    if (state === "sending") return this.#unknown(row, reason);
    this.#fail(row, `It waited for a day. ${reason}`);
  }

  #finish(row: OutboxRow, sent: Exclude<Sent, { outcome: "absent" }>): void {
    const now = this.#room.now();
    switch (sent.outcome) {
      case "sent":
        return this.#partSent(row, sent.messageId);
      case "retry":
        if (row.attempts >= ATTEMPTS) return this.#refuse(row, sent.reason);
        return this.#update(row, {
          state: row.state,
          attempts: row.attempts,
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
        return sent.gone ? this.#anew(row) : this.#refuse(row, sent.reason);
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

  /** Somebody deleted the message that was to be edited: what it says is a new one then. */
  #anew(row: OutboxRow): void {
    this.#update(row, { state: "queued", attempts: 0, sentIds: row.sentIds.with(row.part, GONE) });
  }

  #done(row: OutboxRow): void {
    this.#update(row, { state: "sent", sentAt: this.#room.now() });
  }

  /** What is refused with files is said without them; only what cannot be said at all has failed. */
  #refuse(row: OutboxRow, reason: string): void {
    if (row.parts?.[row.part]?.files) this.#withoutFiles(row, reason);
    else this.#fail(row, reason);
  }

  #fail(row: OutboxRow, reason: string): void {
    this.#update(row, { state: "failed", reason });
    this.#room.report("a message could not be sent", reason);
  }

  /** The text of a part goes alone, then each of its files; a file that was alone already is given up. */
  #withoutFiles(row: OutboxRow, reason: string): void {
    const parts = row.parts!;
    const part = parts[row.part]!;
    const rest = takenApart(part);
    const next = [...parts.slice(0, row.part), ...rest, ...parts.slice(row.part + 1)];
    this.#room.transaction(() => {
      const over = next.length <= row.part ? ({ state: "sent", sentAt: this.#room.now() } as const) : {};
      const fresh = { state: "queued", plain: false, attempts: 0, nextAt: this.#room.now() } as const;
      this.#update(row, { ...fresh, reason, parts: next, ...over });
      if (rest.length === 0) this.#refused(row, row.files![part.files![0]!]!, reason);
    });
  }

  /**
   * An edit or a send that the platform's key covers is repeated; it stays `sending` until then. Without a key it is
   * repeated once, where the request probably never arrived or a restart hid its answer; the row says so. Everything
   * else ends as `unknown`, for an operator. See docs/decisions/0003-unknown-sends.md.
   */
  #settleUnknown(row: OutboxRow, reason: string, mayRepeat: boolean, keyless = false): void {
    const nextAt = this.#room.now() + pauseMs(row.attempts, 0);
    const { boot, channel } = this.#room;
    const again = { state: "sending", boot, nextAt, reason } as const;
    if (row.attempts < ATTEMPTS && this.#covers(row, nextAt, keyless)) return this.#update(row, again);
    const hasKey = channel?.limits.sendKey && !keyless;
    if (mayRepeat && !hasKey && !row.repeated)
      return this.#update(row, { state: "queued", repeated: true, reason });
    this.#unknown(row, reason);
  }

  /** Whether it may be sent once more at a moment and is there once: as an edit, or by the platform's key. */
  #covers({ sentIds, part, sentAt, createdAt }: OutboxRow, at: number, keyless = false): boolean {
    const window = keyless ? 0 : (this.#room.channel?.limits.sendKey?.windowMs ?? 0);
    return Boolean(sentIds[part]) || at - (sentAt ?? createdAt) < window;
  }

  #unknown(row: OutboxRow, reason: string): void {
    this.#update(row, { state: "unknown", reason });
    this.#room.report("a message may not have arrived", reason);
  }

  #update(row: OutboxRow, change: Partial<OutboxRow>): void {
    this.#room.db.update(outbox).set(change).where(eq(outbox.id, row.id)).run();
  }
}

/** The platform's own word on when to come back, and never faster than our growing pause. */
function pauseMs(attempts: number, asked: number): number {
  return Math.max(asked, Math.min(LONGEST_PAUSE_MS, 500 * 2 ** (attempts - 1)));
}
