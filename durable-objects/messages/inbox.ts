import { and, asc, desc, eq, inArray, isNull, lt, ne, sql } from "drizzle-orm";
import type { Edit, Message } from "../../channels/channel.ts";
import { prepared } from "../prepared.ts";
import type { Room } from "../room.ts";
import { type InboxExtra, inbox } from "../schema.ts";
import { actorOf, isSame } from "./actors.ts";

export type InboxRow = typeof inbox.$inferSelect;

/** A piece of something longer waits so long for the rest. */
const GATHER_MS = 1000;

/** Messages of one turn that are looked at. */
export const TAKEN_UP = 2000;

/** Written out, so that SQLite sees that the partial index fits. */
const PENDING = sql`${inbox.state} = 'pending'`;

const NEXT = prepared((db) => {
  const { thread, notBefore, id } = inbox;
  const first = db.select({ thread, notBefore }).from(inbox).where(PENDING).orderBy(asc(notBefore), asc(id));
  return first.limit(1).prepare();
});
const WAITS = prepared((db) => {
  const open = and(PENDING, eq(inbox.thread, sql.placeholder("thread")));
  return db.select({ id: inbox.id }).from(inbox).where(open).limit(1).prepare();
});
const LAST_OF = prepared((db) => {
  const mine = eq(inbox.turn, sql.placeholder("turn"));
  const rows = db.select().from(inbox).where(mine).orderBy(desc(inbox.id));
  return rows.limit(sql.placeholder("limit")).prepare();
});
const LAST_WAKING = prepared((db) => {
  const woke = and(eq(inbox.turn, sql.placeholder("turn")), eq(inbox.wakes, true));
  return db.select({ id: inbox.id }).from(inbox).where(woke).orderBy(desc(inbox.id)).limit(1).prepare();
});

/** How a message of a turn ended. */
export type Fate = "answered" | "silent" | "failed" | "cancelled";

/** Accepted events: one row each, from acceptance to one terminal state. */
export class Inbox {
  readonly #room: Room;
  readonly #insert;

  constructor(room: Room) {
    this.#room = room;
    this.#insert = room.db
      .insert(inbox)
      .values(placeholders())
      .onConflictDoNothing()
      .returning({ id: inbox.id })
      .prepare();
  }

  /** Stores an event. Answers the new row's id, or undefined when the same key is there already. */
  add(event: Message | Edit, state: InboxRow["state"], reason?: string): string | undefined {
    const now = this.#room.now();
    const id = this.#room.newId();
    const inserted = this.#insert.all({
      id,
      key: event.key,
      state,
      wakes: state === "pending",
      thread: event.thread ?? "",
      messageId: event.messageId,
      senderId: event.sender.id,
      senderName: event.sender.name,
      text: event.text,
      extra: extraOf(event),
      sentAt: event.sentAt,
      receivedAt: now,
      notBefore: event.partOfMore ? now + GATHER_MS : now,
      trust: trustOf(this.#room, event),
      trace: id,
      reason: reason ?? null,
    });
    return inserted.length > 0 ? id : undefined;
  }

  /** What an edit changes. Which message that is may be the editor's own word: it counts only for what they wrote. */
  original({ messageId, sender }: Edit): InboxRow | undefined {
    const said = and(eq(inbox.messageId, messageId), ne(inbox.state, "recorded"));
    const rows = this.#room.db.select().from(inbox).where(said).all();
    return rows.find(({ senderId }) => isSame(this.#room, senderId, sender));
  }

  /**
   * Replaces the text of a message that no turn has taken up yet; false when one has. What an edit does not bring
   * again (WhatsApp gives the new caption without the picture) stays.
   */
  replace({ id, state, extra }: InboxRow, edit: Edit): boolean {
    if (state !== "pending" && state !== "context") return false;
    const change = { text: edit.text, extra: { ...extra, ...extraOf(edit) } };
    this.#room.db.update(inbox).set(change).where(eq(inbox.id, id)).run();
    return true;
  }

  /** Writes a text that was changed after a turn had read it: what is not in the transcript yet is copied from here. */
  rewrite(id: string, text: string): void {
    this.#room.db.update(inbox).set({ text }).where(eq(inbox.id, id)).run();
  }

  knows(key: string): boolean {
    return this.idOf(key) !== undefined;
  }

  idOf(key: string): string | undefined {
    return this.#room.db.select({ id: inbox.id }).from(inbox).where(eq(inbox.key, key)).get()?.id;
  }

  /** The waking message that is due first, or the one that will be. */
  next(): { thread: string; notBefore: number } | undefined {
    return NEXT(this.#room.db).get();
  }

  /** Whether a waking message of this thread waits to be taken up. */
  waits(thread: string): boolean {
    return WAITS(this.#room.db).get({ thread }) !== undefined;
  }

  /** Gives everything unconsumed of a thread to a turn, from this round on. */
  consume(turn: string, round: number, thread: string): void {
    const open = and(
      isNull(inbox.turn),
      eq(inbox.thread, thread),
      inArray(inbox.state, ["pending", "context"]),
    );
    this.#room.db.update(inbox).set({ turn, joinedAt: round, state: "claimed" }).where(open).run();
  }

  /** The messages that a turn took up, oldest first; at most the last 2,000. */
  of(turn: string): InboxRow[] {
    return this.page(turn, { limit: TAKEN_UP });
  }

  /** The last messages of a turn, or the last before an id; oldest first. */
  page(turn: string, { before, limit }: { before?: string; limit: number }): InboxRow[] {
    if (before === undefined) return LAST_OF(this.#room.db).all({ turn, limit }).reverse();
    // The plus keeps SQLite from sorting all of a long turn: a turn's messages lie side by side in the order of ids.
    const within = and(sql`+${inbox.turn} = ${turn}`, lt(inbox.id, before));
    const rows = this.#room.db.select().from(inbox).where(within).orderBy(desc(inbox.id));
    return rows.limit(limit).all().reverse();
  }

  /** How many messages of a turn come before one of them. */
  countBefore(turn: string, id: string): number {
    const before = and(eq(inbox.turn, turn), lt(inbox.id, id));
    return this.#room.db.select({ n: sql<number>`count(*)` }).from(inbox).where(before).get()?.n ?? 0;
  }

  /** The fate of a turn's messages: those that woke it share its end, the others were context. */
  settle(turn: string, fate: Fate, reason?: string): void {
    const state = sql`case when ${inbox.wakes} then ${fate} else 'silent' end`;
    // Why a message woke nothing stays known.
    const kept = sql`case when ${inbox.wakes} then ${reason ?? null} else ${inbox.reason} end`;
    this.#room.db.update(inbox).set({ state, reason: kept }).where(eq(inbox.turn, turn)).run();
  }

  /** Everyone who woke a turn, each once. */
  speakers(turn: string): { id: string; name: string }[] {
    const woke = and(eq(inbox.turn, turn), eq(inbox.wakes, true));
    const { senderId: id, senderName: name } = inbox;
    const rows = this.#room.db.select({ id, name }).from(inbox).where(woke).orderBy(asc(inbox.id)).all();
    return [...new Map(rows.map((row) => [row.id, row])).values()];
  }

  /** The message that woke a turn, the last one where several did. */
  lastWaking(turn: string): string | undefined {
    return LAST_WAKING(this.#room.db).get({ turn })?.id;
  }

  /**
   * What a turn's answer is a reply to: the last message that woke it. In a direct chat only one whose platform shows
   * that it waits.
   */
  answers(turn: string): string | undefined {
    const id = this.lastWaking(turn);
    if (!id) return undefined;
    const { messageId, extra } = inbox;
    const row = this.#room.db.select({ messageId, extra }).from(inbox).where(eq(inbox.id, id)).get();
    return row?.extra.answerTo ?? (this.#room.direct ? undefined : row?.messageId);
  }

  /** The platform shows of these that they wait for an answer of this turn. */
  waitingFor(turn: string): string[] {
    const woke = and(eq(inbox.turn, turn), eq(inbox.wakes, true));
    const rows = this.#room.db.select({ extra: inbox.extra }).from(inbox).where(woke).all();
    return rows.flatMap(({ extra }) => extra.answerTo ?? []);
  }

  /** The platform's id of the last message that woke a turn. */
  asked(turn: string): string | undefined {
    const id = this.lastWaking(turn);
    const { messageId } = inbox;
    return id && this.#room.db.select({ messageId }).from(inbox).where(eq(inbox.id, id)).get()?.messageId;
  }

  keepExtra(id: string, extra: InboxExtra): void {
    this.#room.db.update(inbox).set({ extra }).where(eq(inbox.id, id)).run();
  }

  /** Accepted and not yet in a terminal state. */
  waiting(): number {
    const open = and(inArray(inbox.state, ["pending", "claimed"]), eq(inbox.wakes, true));
    return this.#room.db.select({ n: sql<number>`count(*)` }).from(inbox).where(open).get()?.n ?? 0;
  }

  /** When an event was stored last, in milliseconds. */
  lastAt(): number | undefined {
    const newest = this.#room.db
      .select({ at: inbox.receivedAt })
      .from(inbox)
      .orderBy(desc(inbox.id))
      .limit(1);
    return newest.get()?.at;
  }

  /** Messages that no turn has taken up yet, for the console's history. */
  unconsumed(after: string): InboxRow[] {
    const open = and(inArray(inbox.state, ["pending", "context", "claimed"]), sql`${inbox.id} > ${after}`);
    return this.#room.db.select().from(inbox).where(open).orderBy(asc(inbox.id)).limit(200).all();
  }
}

function placeholders() {
  const names = [
    "id",
    "key",
    "state",
    "wakes",
    "thread",
    "messageId",
    "senderId",
    "senderName",
    "text",
    "extra",
    "sentAt",
    "receivedAt",
    "notBefore",
    "trust",
    "trace",
    "reason",
  ] as const;
  return Object.fromEntries(names.map((name) => [name, sql.placeholder(name)])) as never;
}

function extraOf(event: Message | Edit): InboxExtra {
  return {
    ...(event.replyTo ? { replyTo: event.replyTo } : {}),
    ...(event.attachments.length > 0 ? { attachments: event.attachments } : {}),
    ...(event.sender.username ? { username: event.sender.username } : {}),
    ...(event.answerTo ? { answerTo: event.answerTo } : {}),
  };
}

/** Who may not wake the assistant is heard as an outsider. */
function trustOf(room: Room, { sender }: Message | Edit): InboxRow["trust"] {
  switch (actorOf(room, sender).role) {
    case "main":
      return "owner";
    case "member":
      return "member";
    default:
      return "outside";
  }
}
