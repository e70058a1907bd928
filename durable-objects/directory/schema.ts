import { sql } from "drizzle-orm";
import { index, integer, real, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Hours, Mount } from "../../agent/group-settings.ts";
import type { Address, Chat } from "../../channels/channel.ts";

/** Every chat that was ever registered. For ever: its folder stays its own. */
export const groups = sqliteTable(
  "groups",
  {
    address: text().$type<Address>().primaryKey(),
    /** Grows with every change, over all groups. */
    version: integer().notNull(),
    name: text().notNull(),
    /** The name as it is looked up: lower case, one kind of space. */
    nameKey: text("name_key").notNull(),
    folder: text().notNull(),
    type: text().$type<Chat["type"]>().notNull(),
    registered: integer({ mode: "boolean" }).notNull(),
    main: integer({ mode: "boolean" }).notNull(),
    trigger: text(),
    requiresTrigger: integer("requires_trigger", { mode: "boolean" }).notNull(),
    timezone: text(),
    model: text(),
    /** The chat's title as its platform says it; the name follows it, unless main chose one. */
    title: text(),
    named: integer({ mode: "boolean" }).notNull().default(false),
    /** Ids of who may wake the assistant; null: everyone, empty: nobody. */
    allow: text({ mode: "json" }).$type<string[]>(),
    mode: text({ enum: ["normal", "drop"] })
      .notNull()
      .default("normal"),
    mounts: text({ mode: "json" }).$type<Mount[]>(),
    /** Hosts that its commands may reach; null: the standard ones. */
    egress: text(),
    /** Variables of its commands, each `NAME=value`. */
    env: text({ mode: "json" }).$type<string[]>(),
    /** Names of MCP servers, or `all`; null: the default. */
    mcp: text({ mode: "json" }).$type<string[]>(),
    /** A day's, in USD and tokens; null: the install's default. */
    budgetUsd: real("budget_usd"),
    budgetTokens: integer("budget_tokens"),
    /** Seconds. */
    turnTimeout: integer("turn_timeout"),
    /** Seconds; 0 is off. */
    heartbeatInterval: integer("heartbeat_interval"),
    activeHours: text("active_hours", { mode: "json" }).$type<Hours>(),
    paused: integer({ mode: "boolean" }).notNull().default(false),
    /** Tools and commands that wait for somebody's yes, and who may say it; null: none, and main. */
    approval: text({ mode: "json" }).$type<string[]>(),
    approvers: text({ mode: "json" }).$type<string[]>(),
    /** The group that had the folder before, where main let this one adopt it: its files are taken over once. */
    adoptedFrom: text("adopted_from").$type<Address>(),
    /** Milliseconds; when the group's own alarm should have woken it. */
    nextDue: integer("next_due"),
    /** Milliseconds. */
    lastActiveAt: integer("last_active_at").notNull(),
    /** What this group's turns hold or have cost on `spentDay`, in USD and tokens. */
    spentDay: text("spent_day").notNull().default(""),
    spentUsd: real("spent_usd").notNull().default(0),
    spentTokens: integer("spent_tokens").notNull().default(0),
  },
  (table) => [
    uniqueIndex("groups_by_folder").on(table.folder),
    index("groups_by_name").on(table.nameKey),
    index("groups_by_due").on(table.nextDue).where(sql`next_due is not null`),
    index("groups_by_main").on(table.main).where(sql`main = 1`),
  ],
);

/** Settings that a group's object has not confirmed. A row lives from the change to the confirmation. */
export const intents = sqliteTable("intents", {
  address: text().$type<Address>().primaryKey(),
  version: integer().notNull(),
});

/** Folders on their way from a removed group to the one that main let adopt them. Until the giver has forgotten them. */
export const handovers = sqliteTable(
  "handovers",
  {
    folder: text().primaryKey(),
    giver: text().$type<Address>().notNull(),
    heir: text().$type<Address>().notNull(),
    /** The heir has all files. */
    taken: integer({ mode: "boolean" }).notNull().default(false),
  },
  (table) => [index("handovers_by_giver").on(table.giver), index("handovers_by_heir").on(table.heir)],
);

/** What main is to be told, once a key. Kept for two days, so that a key is not told again. */
export const notices = sqliteTable(
  "notices",
  {
    key: text().primaryKey(),
    text: text().notNull(),
    at: integer().notNull(),
    delivered: integer({ mode: "boolean" }).notNull().default(false),
  },
  (table) => [
    index("notices_waiting").on(table.at).where(sql`delivered = 0`),
    index("notices_by_time").on(table.at),
  ],
);

/** Many-membered chats that spoke to the assistant and are not registered. At most 100, 30 days. */
export const pending = sqliteTable(
  "pending",
  {
    address: text().$type<Address>().primaryKey(),
    title: text().notNull(),
    titleKey: text("title_key").notNull(),
    /** When it was heard last, in milliseconds. */
    at: integer().notNull(),
  },
  (table) => [index("pending_by_title").on(table.titleKey), index("pending_by_time").on(table.at)],
);

/** Direct chats that were given a pairing code. One hour, 3 a channel. */
export const pairings = sqliteTable(
  "pairings",
  {
    address: text().$type<Address>().primaryKey(),
    channel: text().notNull(),
    /** SHA-256 of the code. */
    hash: text().notNull(),
    title: text().notNull(),
    /** The event that was answered with the code. */
    key: text(),
    approved: integer({ mode: "boolean" }).notNull().default(false),
    expiresAt: integer("expires_at").notNull(),
  },
  (table) => [
    uniqueIndex("pairings_by_hash").on(table.hash),
    index("pairings_by_channel").on(table.channel),
    index("pairings_by_expiry").on(table.expiresAt),
  ],
);

/** One-time secrets, by the SHA-256 of each: codes for `/main` (1 hour), console links (1 day), console sessions (30 days). */
export const secrets = sqliteTable(
  "secrets",
  {
    hash: text().primaryKey(),
    kind: text().$type<"main" | "link" | "session">().notNull(),
    expiresAt: integer("expires_at").notNull(),
    /** Wrong guesses while a main code was open. */
    wrong: integer().notNull().default(0),
    /** The chat that used a main code: it may repeat it. */
    usedBy: text("used_by").$type<Address>(),
  },
  (table) => [
    index("secrets_by_kind").on(table.kind, table.expiresAt),
    index("secrets_by_expiry").on(table.expiresAt),
  ],
);

/** Wrong guesses by chat, for an hour. */
export const guesses = sqliteTable(
  "guesses",
  { address: text().$type<Address>().primaryKey(), wrong: integer().notNull(), until: integer().notNull() },
  (table) => [index("guesses_by_time").on(table.until)],
);

/** Chats that changed their id: the new address, and the object that keeps the chat. For ever. */
export const aliases = sqliteTable("aliases", {
  address: text().$type<Address>().primaryKey(),
  target: text().$type<Address>().notNull(),
});

/** What turns hold of the install's budget, or have cost. Kept for two days after the turn. */
export const grants = sqliteTable(
  "grants",
  {
    turn: text().primaryKey(),
    address: text().$type<Address>().notNull(),
    /** The day that pays. */
    day: text().notNull(),
    usd: real().notNull(),
    tokens: integer().notNull(),
    /** `open`: reserved. `settled`: cost, or what was reserved when nobody closed it. */
    state: text().$type<"open" | "settled">().notNull(),
    at: integer().notNull(),
  },
  (table) => [index("grants_by_state").on(table.state, table.at)],
);

/** The install's spending by day of its zone: reservations and costs, and how much of it is only reserved. 400 days. */
export const days = sqliteTable("days", {
  day: text().primaryKey(),
  usd: real().notNull().default(0),
  tokens: integer().notNull().default(0),
  heldUsd: real("held_usd").notNull().default(0),
  heldTokens: integer("held_tokens").notNull().default(0),
});

/** Who changed whose rights, from where. The last 2,000, and the last 500 refusals. */
export const audit = sqliteTable(
  "audit",
  {
    id: integer().primaryKey({ autoIncrement: true }),
    at: integer().notNull(),
    what: text().notNull(),
    subject: text().notNull(),
    who: text().notNull(),
    /** The address that asked, or `console`. */
    from: text("from_where").notNull(),
    /** What was changed. */
    detail: text().notNull().default(""),
    refusal: integer({ mode: "boolean" }).notNull().default(false),
  },
  (table) => [
    index("audit_by_subject").on(table.subject, table.id),
    index("audit_by_kind").on(table.refusal, table.id),
  ],
);

/** Small values: the settings' version, whether the templates were written. */
export const facts = sqliteTable("facts", { name: text().primaryKey(), value: integer().notNull() });

export * from "../files/schema.ts";
export * from "./mcp-tokens-schema.ts";
