/** The tables of a group's object. docs/storage.md says who writes each one and how long its rows live. */
import { sql } from "drizzle-orm";
import { index, integer, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Attachment, Quote } from "../channels/channel.ts";
import type { FilePart } from "../channels/files.ts";
import type { Choice } from "../channels/press.ts";
import type { PinnedFile } from "./outbox/pins.ts";

export * from "./approvals/schema.ts";
export * from "./files/global-copy-schema.ts";
export * from "./files/mount-schema.ts";
export * from "./files/schema.ts";
export * from "./mcp/schema.ts";
export * from "./outbox/pins-schema.ts";
export * from "./sub-agents/schema.ts";
export * from "./tasks/schema.ts";

/** Small facts that are read at boot: the settings copy, the session, the send target, forwarding. */
export const facts = sqliteTable("facts", {
  name: text().primaryKey(),
  value: text({ mode: "json" }).notNull(),
});

/**
 * An attachment after it was fetched: where it lies in the workspace, or why it could not be fetched. `transcript` is
 * what is said in it; `tooLarge`: for the workspace; `tries` counts the requests for it, each before it was made; `silent`: it is not tried again.
 */
export type StoredAttachment = Attachment & {
  path?: string;
  problem?: string;
  tooLarge?: true;
  transcript?: string;
  tries?: number;
  silent?: string;
};

/** What an inbox row keeps of the event beside its columns. */
export interface InboxExtra {
  replyTo?: Quote;
  attachments?: StoredAttachment[];
  username?: string;
  /** Files that the assistant sent with this message. */
  files?: PinnedFile[];
  /** As the channel gave it: what is said to this event is said with it. Never shown; the platform forgets it soon. */
  answerTo?: string;
}

/**
 * Every accepted event, one row. `pending` wakes a turn, `context` does not; both are unconsumed while `turn` is
 * null. The others are terminal: answered, silent, failed, cancelled, recorded (an edit), command.
 */
export const inbox = sqliteTable(
  "inbox",
  {
    id: text().primaryKey(),
    key: text().notNull(),
    state: text({
      enum: [
        "pending",
        "context",
        "claimed",
        "answered",
        "silent",
        "failed",
        "cancelled",
        "recorded",
        "command",
      ],
    }).notNull(),
    wakes: integer({ mode: "boolean" }).notNull(),
    thread: text().notNull(),
    messageId: text().notNull(),
    senderId: text().notNull(),
    senderName: text().notNull(),
    text: text().notNull(),
    extra: text({ mode: "json" }).$type<InboxExtra>().notNull(),
    /** Milliseconds, by the platform's clock. */
    sentAt: integer().notNull(),
    receivedAt: integer().notNull(),
    /** Milliseconds; a piece of something longer waits until then for the rest. */
    notBefore: integer().notNull(),
    turn: text(),
    /** The model call of the turn before which the message joined. */
    joinedAt: integer(),
    trust: text({ enum: ["owner", "member", "outside"] }).notNull(),
    trace: text().notNull(),
    reason: text(),
  },
  (table) => [
    uniqueIndex("inbox_key").on(table.key),
    // Partial: chatter that wakes nothing is the bulk, and costs no entry here.
    index("inbox_pending").on(table.notBefore, table.id).where(sql`state = 'pending'`),
    index("inbox_turn").on(table.turn, table.thread),
    index("inbox_message").on(table.messageId),
  ],
);

/** One run of the agent. `boot` is the claim: another boot's claim is dead. */
export const turns = sqliteTable(
  "turns",
  {
    id: text().primaryKey(),
    lane: text({ enum: ["chat", "side"] }).notNull(),
    kind: text({
      enum: ["chat", "compact", "task", "heartbeat", "approval", "sub-agent", "agent"],
    }).notNull(),
    thread: text().notNull(),
    session: text().notNull(),
    state: text({ enum: ["open", "answered", "silent", "failed", "stopped"] }).notNull(),
    boot: text(),
    /** Claims since the last finished step, counted before the work. */
    attempts: integer().notNull(),
    /** Claims in all. */
    claims: integer().notNull(),
    notBefore: integer().notNull(),
    createdAt: integer().notNull(),
    /** When the turn must have ended, in milliseconds. Set at each claim. */
    deadlineAt: integer().notNull(),
    endedAt: integer(),
    error: text(),
    model: text(),
    /** What this turn beside the chat is: the run of a task, an approval, a sub-agent. */
    run: text(),
    /** Whether the directory has settled this turn. */
    closed: integer({ mode: "boolean" }).notNull(),
    trust: text({ enum: ["owner", "member", "outside"] }).notNull(),
    trace: text().notNull(),
  },
  (table) => [
    index("turns_open").on(table.state, table.lane),
    index("turns_unclosed").on(table.closed, table.state),
  ],
);

/** The journal: every model answer and tool call of a turn. */
export const steps = sqliteTable(
  "steps",
  {
    id: text().primaryKey(),
    turn: text().notNull(),
    /** `main`: the conversation; the others: what a compaction asked of the messages after, or up to, this one. */
    phase: text().$type<"main" | `save:${string}` | `summary:${string}`>().notNull(),
    seq: integer().notNull(),
    kind: text({ enum: ["model", "tool"] }).notNull(),
    /** The model call that the step belongs to, from 0. */
    round: integer().notNull(),
    name: text().notNull(),
    callId: text(),
    risk: text({ enum: ["read", "idempotent", "unsafe"] }),
    state: text({ enum: ["planned", "started", "done"] }).notNull(),
    input: text(),
    output: text(),
    startedAt: integer(),
    doneAt: integer(),
  },
  (table) => [uniqueIndex("steps_turn").on(table.turn, table.phase, table.seq)],
);

/** Everything that is to be said. Rows go out in the order of their ids. */
export const outbox = sqliteTable(
  "outbox",
  {
    id: text().primaryKey(),
    /** What caused it: a turn's answer, a tool's step, a command. The same cause makes one row. */
    key: text().notNull(),
    turn: text(),
    thread: text().notNull(),
    text: text().notNull(),
    replyTo: text(),
    /** Buttons below the last part. */
    choices: text({ mode: "json" }).$type<Choice[]>(),
    state: text({ enum: ["streaming", "queued", "sending", "sent", "unknown", "failed"] }).notNull(),
    /** The next part to send. */
    part: integer().notNull(),
    /** Rendered once, so that a restart sends the same parts. */
    parts: text({ mode: "json" }).$type<FilePart[]>(),
    /** The files that go with it; parts name them by their place. */
    files: text({ mode: "json" }).$type<PinnedFile[]>(),
    /** The platform's ids of the parts that are out; empty where somebody deleted it. */
    sentIds: text({ mode: "json" }).$type<string[]>().notNull(),
    plain: integer({ mode: "boolean" }).notNull(),
    boot: text(),
    attempts: integer().notNull(),
    /** Sent again after a send of unknown outcome, although the platform has no send key. */
    repeated: integer({ mode: "boolean" }).notNull(),
    edits: integer().notNull(),
    nextAt: integer().notNull(),
    /** No person waits for it: it takes its turn among what goes to many chats. */
    fanOut: integer({ mode: "boolean" }).notNull().default(false),
    reason: text(),
    createdAt: integer().notNull(),
    /** When it was out; before that, when its present part left first. */
    sentAt: integer(),
    trust: text({ enum: ["owner", "member", "outside"] }).notNull(),
    trace: text().notNull(),
  },
  (table) => [
    uniqueIndex("outbox_key").on(table.key),
    index("outbox_state").on(table.state, table.id),
    // The end of a turn and of a task's run looks for what they said.
    index("outbox_turn").on(table.turn),
    index("outbox_choices").on(table.id).where(sql`choices is not null`),
  ],
);

/** What was said, by people and by the assistant: the transcript. Ids are those of inbox and outbox. */
export const messages = sqliteTable(
  "messages",
  {
    rowid: integer().primaryKey({ autoIncrement: true }),
    id: text().notNull(),
    /** `note` is for the model only; `command` and `notice` (its answer) are for people only. */
    role: text({ enum: ["person", "assistant", "note", "command", "notice"] }).notNull(),
    thread: text().notNull(),
    session: text().notNull(),
    turn: text(),
    senderId: text().notNull(),
    sender: text().notNull(),
    text: text().notNull(),
    extra: text({ mode: "json" }).$type<InboxExtra>().notNull(),
    at: integer().notNull(),
    trust: text({ enum: ["owner", "member", "outside"] }).notNull(),
    trace: text().notNull(),
  },
  (table) => [
    uniqueIndex("messages_id").on(table.id),
    index("messages_session").on(table.session, table.thread, table.id),
  ],
);

/** A conversation: `/new` starts one. The summary stands for everything up to `summarisedTo`. */
export const sessions = sqliteTable("sessions", {
  id: text().primaryKey(),
  thread: text().notNull(),
  startedAt: integer().notNull(),
  summary: text(),
  summarisedTo: text(),
});

/** One model call's money: reserved before it, settled after it. */
export const usage = sqliteTable(
  "usage",
  {
    id: text().primaryKey(),
    step: text().notNull(),
    turn: text().notNull(),
    day: text().notNull(),
    model: text().notNull(),
    state: text({ enum: ["reserved", "settled"] }).notNull(),
    usd: real().notNull(),
    tokens: integer().notNull(),
    priced: integer({ mode: "boolean" }).notNull(),
    at: integer().notNull(),
  },
  (table) => [index("usage_turn").on(table.turn), index("usage_state").on(table.state)],
);

/** The group's spending of a day: reservations and settlements together. */
export const days = sqliteTable("days", {
  day: text().primaryKey(),
  usd: real().notNull(),
  tokens: integer().notNull(),
  warned: integer().notNull(),
});

/** People who were seen in the chat. */
export const members = sqliteTable(
  "members",
  {
    id: text().primaryKey(),
    name: text().notNull(),
    username: text(),
    seenAt: integer().notNull(),
  },
  (table) => [index("members_seen").on(table.seenAt)],
);

/** Events that were not heard, without their text: a bounded ring. */
export const drops = sqliteTable("drops", {
  id: text().primaryKey(),
  at: integer().notNull(),
  sender: text().notNull(),
  reason: text().notNull(),
});

/** Who changed what: append only, bounded by age. */
export const audit = sqliteTable("audit", {
  id: text().primaryKey(),
  at: integer().notNull(),
  who: text().notNull(),
  what: text().notNull(),
  detail: text().notNull(),
});
