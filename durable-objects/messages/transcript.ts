import { and, asc, desc, eq, gt, inArray, isNotNull, lt, lte, sql } from "drizzle-orm";
import type { Recalled } from "../../agent/tools/tool.ts";
import { wholeText } from "../../agent/voice.ts";
import type { ShownMessage } from "../../channels/web/frames.ts";
import { prepared } from "../prepared.ts";
import type { Room } from "../room.ts";
import { type InboxExtra, inbox, members, messages, sessions } from "../schema.ts";
import type { Inbox, InboxRow } from "./inbox.ts";
import { indexed, matchExpression } from "./search-text.ts";
import { shownOurs } from "./shown-ours.ts";

export type MessageRow = typeof messages.$inferSelect;
export type SessionRow = typeof sessions.$inferSelect;

/** Messages of a session that a prompt shows at most, and by how many its beginning moves. */
const SHOWN = 120;
const PAGE = 40;
/** Summaries that `recall` looks through. */
const SUMMARIES = 50;

/** What the model sees of a conversation. */
const SEEN = inArray(messages.role, ["person", "assistant", "note"]);

const SESSION = prepared((db) => {
  const same = eq(sessions.id, sql.placeholder("id"));
  return db.select().from(sessions).where(same).prepare();
});

/** What was said in the chat, by whom, in which session; and the search over all of it. */
export class Transcript {
  readonly #room: Room;
  readonly #inbox: Inbox;

  constructor(room: Room, inbox: Inbox) {
    this.#room = room;
    this.#inbox = inbox;
  }

  /** The open session of a thread; the first message opens one. */
  session(thread: string): SessionRow {
    const id = this.#room.get(`session:${thread}`);
    const row = id && SESSION(this.#room.db).get({ id });
    return row || this.startSession(thread);
  }

  /** A session by its id; a turn keeps the one that it began in. */
  get(id: string): SessionRow {
    return SESSION(this.#room.db).get({ id })!;
  }

  /** `/new`: what was said stays searchable, the next turn does not see it. */
  startSession(thread: string): SessionRow {
    const row = {
      id: this.#room.newId(),
      thread,
      startedAt: this.#room.now(),
      summary: null,
      summarisedTo: null,
    };
    this.#room.db.insert(sessions).values(row).run();
    this.#room.set(`session:${thread}`, row.id);
    return row;
  }

  /**
   * What a session's summary does not cover, oldest first; at most the last 120 messages. Where there are more it
   * begins at a page, so that the beginning stays the same for many turns and providers can cache it.
   */
  ofSession(session: SessionRow): MessageRow[] {
    const newest = this.#room.db.select().from(messages).where(uncovered(session)).orderBy(desc(messages.id));
    const rows = newest.limit(SHOWN).all().reverse();
    const page = (row: MessageRow) => Math.floor(row.rowid / PAGE);
    const start = rows.length < SHOWN ? 0 : rows.findIndex((row) => page(row) > page(rows[0]!));
    return rows.slice(Math.max(0, start));
  }

  /** How many messages of a session come before these and are in no summary; counted up to 101. */
  unseen(session: SessionRow, shown: readonly MessageRow[]): number {
    if (!shown[0] || shown.length < SHOWN - PAGE) return 0;
    const before = and(uncovered(session), lt(messages.id, shown[0].id));
    return this.#room.db.select({ id: messages.id }).from(messages).where(before).limit(101).all().length;
  }

  summarise(session: string, summary: string, upTo: string): void {
    this.#room.db.update(sessions).set({ summary, summarisedTo: upTo }).where(eq(sessions.id, session)).run();
  }

  /** Writes what people said in a turn. Call it inside the transaction that ends the turn. */
  addPeople(rows: InboxRow[], session: string, role: "person" | "command" = "person"): void {
    for (const row of rows) {
      this.#add({
        id: row.id,
        role,
        thread: row.thread,
        session,
        turn: row.turn,
        senderId: row.senderId,
        sender: row.senderName,
        text: row.text,
        extra: row.extra,
        at: row.sentAt,
        trust: row.trust,
        trace: row.trace,
      });
      this.#seen(row);
    }
  }

  #seen({ senderId: id, senderName: name, sentAt: seenAt, extra }: InboxRow): void {
    const set = { name, username: extra.username ?? null, seenAt };
    this.#room.db
      .insert(members)
      .values({ id, ...set })
      .onConflictDoUpdate({ target: members.id, set })
      .run();
  }

  /** People of the chat, those who spoke last first. */
  members(): { id: string; name: string }[] {
    const { id, name } = members;
    return this.#room.db.select({ id, name }).from(members).orderBy(desc(members.seenAt)).limit(100).all();
  }

  /** Writes what the assistant said or did. `note` is seen by the model, not by people. */
  addOurs(ours: {
    id: string;
    role?: "assistant" | "note" | "notice";
    text: string;
    thread: string;
    session: string;
    turn?: string;
    trust?: MessageRow["trust"];
    extra?: InboxExtra;
  }): void {
    this.#add({
      role: "assistant",
      turn: null,
      senderId: "assistant",
      sender: this.#room.config.ASSISTANT_NAME,
      extra: {},
      at: this.#room.now(),
      trust: "owner",
      trace: ours.turn ?? ours.id,
      ...ours,
    });
  }

  /** Writes a command that was answered: people see it, the model does not. */
  addCommand(id: string): void {
    const row = this.#room.db.select().from(inbox).where(eq(inbox.id, id)).get();
    if (row) this.addPeople([row], this.session(row.thread).id, "command");
  }

  /** What a message said. */
  textOf(id: string): string | undefined {
    return this.#room.db.select().from(messages).where(eq(messages.id, id)).get()?.text;
  }

  /** Records an edit of a message that was read already. It is not answered again. */
  edited(id: string, words: string): void {
    const text = `${words} (edited)`;
    this.#inbox.rewrite(id, text);
    this.amend(id, text);
  }

  /** Another text in a message's place. Call it inside the transaction of its cause. */
  amend(id: string, text: string): void {
    const changed = this.#room.db
      .update(messages)
      .set({ text })
      .where(eq(messages.id, id))
      .returning({ rowid: messages.rowid, extra: messages.extra })
      .all();
    for (const { rowid, extra } of changed) {
      this.#room.db.run(sql`delete from search where rowid = ${rowid}`);
      this.#index(rowid, { text, extra });
    }
  }

  #add(row: Omit<MessageRow, "rowid">): void {
    const inserted = this.#room.db
      .insert(messages)
      .values(row)
      .onConflictDoNothing()
      .returning({ rowid: messages.rowid })
      .all();
    if (inserted[0]) this.#index(inserted[0].rowid, row);
  }

  #index(rowid: number, { text, extra }: Pick<MessageRow, "text" | "extra">): void {
    const body = indexed(wholeText({ text, ...extra }));
    this.#room.db.run(sql`insert into search(rowid, body) values (${rowid}, ${body})`);
  }

  /** Full-text search over everything that was said here, best first. */
  search(query: string, limit: number): Recalled[] {
    const match = matchExpression(query);
    if (!match) return [];
    const hits = this.#room.db
      .all<{ rowid: number }>(
        sql`select rowid from search where search match ${match} order by rank limit ${limit}`,
      )
      .map(({ rowid }) => rowid);
    if (hits.length === 0) return [];
    const rows = this.#room.db.select().from(messages).where(inArray(messages.rowid, hits)).all();
    return rows.sort((a, b) => hits.indexOf(a.rowid) - hits.indexOf(b.rowid)).map(recalled);
  }

  /** The summaries of the newest sessions. `outside`: of what they stand for something came from outside. */
  summaries(): { summary: string; outside?: true }[] {
    const summed = this.#room.db.select().from(sessions).where(isNotNull(sessions.summary));
    const newest = summed.orderBy(desc(sessions.id)).limit(SUMMARIES).all();
    return newest.map((session) => {
      return { summary: session.summary!, ...(this.#fromOutside(session) ? { outside: true as const } : {}) };
    });
  }

  #fromOutside({ id, summarisedTo }: SessionRow): boolean {
    const summed = lte(messages.id, summarisedTo ?? "");
    const read = and(eq(messages.session, id), eq(messages.trust, "outside"), SEEN, summed);
    return this.#room.db.select({ id: messages.id }).from(messages).where(read).limit(1).get() !== undefined;
  }

  /** What a console shows: the transcript and what is still on its way into it, oldest first. */
  history(range: { before?: string; after?: string; limit: number }): ShownMessage[] {
    const bounds = and(
      inArray(messages.role, ["person", "assistant", "command", "notice"]),
      range.after ? gt(messages.id, range.after) : undefined,
      range.before ? lt(messages.id, range.before) : undefined,
    );
    const newest = this.#room.db
      .select()
      .from(messages)
      .where(bounds)
      .orderBy(range.after ? asc(messages.id) : desc(messages.id))
      .limit(range.limit)
      .all();
    const rows = newest.flatMap((row) => this.#shown(row));
    const open = range.before
      ? []
      : this.#inbox.unconsumed(range.after ?? "").map((row) => this.shownInbox(row));
    const byId = new Map([...open, ...rows].map((message) => [message.id, message]));
    return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  /** A person's message as a console shows it; without a state it has just come in. */
  shownInbox(
    row: Pick<InboxRow, "id" | "key" | "senderName" | "text" | "sentAt"> &
      Partial<Pick<InboxRow, "state" | "extra">>,
  ): ShownMessage {
    const key = row.key.startsWith("web:") ? { key: row.key.slice(4) } : {};
    const note = row.state === "failed" || row.state === "cancelled" ? { note: row.state } : {};
    return {
      id: row.id,
      from: "person",
      name: row.senderName,
      text: wholeText({ text: row.text, ...row.extra }),
      at: row.sentAt,
      ...key,
      ...note,
    };
  }

  #shown(row: MessageRow): ShownMessage[] {
    if (row.role === "assistant" || row.role === "notice")
      return shownOurs(row, this.#room.config.ASSISTANT_NAME);
    const source = this.#room.db
      .select({ key: inbox.key, state: inbox.state })
      .from(inbox)
      .where(eq(inbox.id, row.id))
      .get();
    const { key = "", state } = source ?? {};
    return [
      this.shownInbox({ ...row, key, senderName: row.sender, sentAt: row.at, ...(state ? { state } : {}) }),
    ];
  }
}

function recalled({ at, sender: who, text, extra, trust }: MessageRow): Recalled {
  const outside = trust === "outside" ? { outside: true as const } : {};
  return { at, who, text: wholeText({ text, ...extra }), source: "chat", ...outside };
}

/** What the model may see of a session and no summary stands for. */
function uncovered({ id, thread, summarisedTo }: SessionRow) {
  // A session has one thread; with it the index gives the rows in order, and a long history is not sorted.
  const own = and(eq(messages.session, id), eq(messages.thread, thread));
  return and(own, SEEN, gt(messages.id, summarisedTo ?? ""));
}
