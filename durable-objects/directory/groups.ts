import { and, count, desc, eq, lt, or, sql } from "drizzle-orm";
import { type Actor, OWNER } from "../../agent/authorize.ts";
import { describeChange, type SettingsChange } from "../../agent/group-settings.ts";
import type { Address, Chat } from "../../channels/channel.ts";
import { dayOf } from "../day.ts";
import { prepared } from "../prepared.ts";
import type { GroupSettings } from "../rpc.ts";
import type { Errands } from "./errands.ts";
import { folderNames } from "./folders.ts";
import { askerOf, type Deed, type Office } from "./office.ts";
import type { By } from "./rpc.ts";
import { aliases, grants, groups, pairings, pending } from "./schema.ts";
import { keyOf, tidy } from "./secrets.ts";
import { type GroupRow, HOUSE, settingsOf } from "./settings.ts";

/** A group this much later than its time, in milliseconds, has lost its alarm. */
const LATE_MS = 60_000;
/** Groups of one list by what is due; a list of tasks asks each of them. */
const BY_DUE = 25;

const ALIAS = prepared((db) =>
  db
    .select()
    .from(aliases)
    .where(eq(aliases.address, sql.placeholder("address")))
    .prepare(),
);
const GROUP = prepared((db) =>
  db
    .select()
    .from(groups)
    .where(eq(groups.address, sql.placeholder("address")))
    .prepare(),
);

/** The chats that are or were registered, and who they are. */
export class Groups {
  readonly #office: Office;
  readonly #errands: Errands;

  constructor(office: Office, errands: Errands) {
    this.#office = office;
    this.#errands = errands;
  }

  /** The address of the object that keeps a chat, whatever id the chat has now. */
  resolve(address: Address): Address {
    const row = ALIAS(this.#office.db).get({ address });
    return row?.target ?? address;
  }

  get(address: Address): GroupRow | undefined {
    return GROUP(this.#office.db).get({ address });
  }

  /** What a chat that asks is to the install; without an address it is a door's authenticated owner. */
  actor(by: Address | undefined): Actor {
    if (by === undefined) return OWNER;
    const row = this.get(this.resolve(by));
    if (!row?.registered) return { role: "stranger", id: by };
    return { role: row.main ? "main" : "member", id: by };
  }

  /** Groups of this address, name or folder: registered ones where there are any. At most ten. */
  find(nameOrAddress: string): GroupRow[] {
    const { db } = this.#office;
    const exact = this.get(this.resolve(nameOrAddress as Address));
    if (exact) return [exact];
    const named = or(eq(groups.nameKey, keyOf(nameOrAddress)), eq(groups.folder, keyOf(nameOrAddress)));
    const rows = db
      .select()
      .from(groups)
      .where(named)
      .orderBy(desc(groups.registered), groups.address)
      .limit(10)
      .all();
    const registered = rows.filter((row) => row.registered);
    return registered.length > 0 ? registered : rows;
  }

  /** Registers a chat, for the first time or again. Call it inside a transaction. */
  register(
    chat: { address: Address } & Pick<Chat, "type" | "title">,
    rights: { main: boolean },
    deed: Omit<Deed, "subject">,
    heir?: GroupRow,
  ) {
    const { db, now } = this.#office;
    const { address, type } = chat;
    const past = this.get(address);
    if (!past) {
      const folder = heir ? this.#give(heir, address) : (HOUSE[address]?.folder ?? this.#freeFolder(chat));
      const name = HOUSE[address]?.name ?? (tidy(chat.title ?? "") || folder);
      const fresh = { address, type, folder, name, nameKey: keyOf(name), registered: false, main: false };
      const origin = { title: tidy(chat.title ?? "") || null, adoptedFrom: heir?.address };
      const paused = this.#office.fact("paused") === 1;
      db.insert(groups)
        .values({
          ...fresh,
          ...origin,
          paused,
          version: 0,
          requiresTrigger: type === "group",
          lastActiveAt: now(),
        })
        .run();
    }
    db.delete(pending).where(eq(pending.address, address)).run();
    this.#office.record({ ...deed, subject: address });
    return this.#change(address, { registered: true, main: rights.main || past?.main === true });
  }

  /** Registers a console of the install, which needs nobody's leave. Undefined for any other chat and where it is done. */
  admitHouse(address: Address): GroupSettings | undefined {
    if (!Object.hasOwn(HOUSE, address) || this.get(address)) return undefined;
    const deed = { what: "registered" as const, who: "the install", from: address };
    return this.#office.transaction(() => this.register({ address, type: "direct" }, { main: true }, deed));
  }

  /** Stops a group and takes its rights; its row and folder stay. Call it inside a transaction. */
  remove(row: GroupRow, by: By | undefined): void {
    const { who, from } = askerOf(by);
    this.#office.record({ what: "removed", subject: row.address, who, from, detail: `folder ${row.folder}` });
    this.#office.db.delete(pairings).where(eq(pairings.address, row.address)).run();
    this.#change(row.address, { registered: false, main: false, nextDue: null });
  }

  /** Changes settings. Call it inside a transaction. */
  configure(row: GroupRow, change: SettingsChange, by: By | undefined): GroupSettings {
    const { who, from } = askerOf(by);
    const what = change.paused === undefined ? "configured" : change.paused ? "paused" : "resumed";
    const detail = describeChange(change).join("; ");
    this.#office.record({ what, subject: row.address, who, from, detail });
    return this.#change(row.address, columnsOf(row, change));
  }

  /** Whether a folder of this group is on its way to another chat, or to it from another. */
  handsOver(address: Address): boolean {
    return this.#errands.handsOver(address);
  }

  /** The group whose folder this is. */
  owner(folder: string): GroupRow | undefined {
    return this.#office.db.select().from(groups).where(eq(groups.folder, folder)).get();
  }

  /**
   * Pauses all groups, or lets them go on: also those that were removed and those that are registered later.
   * Call it inside a transaction.
   */
  pauseAll(paused: boolean, by: By | undefined): void {
    const { who, from } = askerOf(by);
    const what = paused ? ("paused" as const) : ("resumed" as const);
    this.#office.record({ what, subject: "all groups", who, from });
    this.#office.setFact("paused", paused ? 1 : 0);
    const others = eq(groups.paused, !paused);
    const rows = this.#office.db.select({ address: groups.address }).from(groups).where(others).all();
    for (const { address } of rows) this.#change(address, { paused });
  }

  /** The platform calls the chat otherwise now: the name follows, unless main chose one. Call it inside a transaction. */
  retitle(row: GroupRow, title: string | undefined): GroupRow {
    const said = tidy(title ?? "");
    if (said === "" || said === row.title || Object.hasOwn(HOUSE, row.address)) return row;
    const follows = !row.named && keyOf(said) !== row.nameKey;
    if (follows) this.#renamed(row, said);
    const named = row.named ? {} : { name: said, nameKey: keyOf(said) };
    this.#change(row.address, { title: said, ...named });
    return this.get(row.address)!;
  }

  /** The new id's object forwards to the old one's from now on. Answers who keeps the chat. */
  move(from: Address, to: Address): Address {
    const keeper = this.resolve(from);
    if (keeper === to || this.resolve(to) === keeper || this.get(to)?.registered) return this.resolve(to);
    return this.#office.transaction(() => {
      const { db } = this.#office;
      db.insert(aliases).values({ address: to, target: keeper }).onConflictDoNothing().run();
      db.delete(pending).where(eq(pending.address, to)).run();
      this.#office.record({ what: "moved", subject: keeper, who: "the platform", from: to });
      return this.resolve(to);
    });
  }

  due(address: Address, nextDue: number | null): void {
    const differs = and(eq(groups.address, address), sql`next_due is not ${nextDue}`);
    this.#office.db.update(groups).set({ nextDue }).where(differs).run();
  }

  /**
   * Registered groups: those that are due some time first, the earliest before others, then those active last. The
   * first 25, and how many more there are.
   */
  byDue(): { groups: GroupRow[]; more: number } {
    const { db } = this.#office;
    const order = [sql`next_due is null`, groups.nextDue, desc(groups.lastActiveAt)];
    const registered = eq(groups.registered, true);
    const first = db
      .select()
      .from(groups)
      .where(registered)
      .orderBy(...order)
      .limit(BY_DUE)
      .all();
    const all = db.select({ n: count() }).from(groups).where(registered).get()!.n;
    return { groups: first, more: all - first.length };
  }

  /** A turn of the group ended. */
  active(address: Address, lastActiveAt: number): void {
    this.#office.db.update(groups).set({ lastActiveAt }).where(eq(groups.address, address)).run();
  }

  /**
   * Groups whose time is past, and groups whose turn is open: after a crash nobody works on it, and to knock at a group
   * that does costs nothing. Reads two indexes and writes nothing.
   */
  overdue(): Address[] {
    const { db, now } = this.#office;
    const late = lt(groups.nextDue, now() - LATE_MS);
    const due = db
      .select({ address: groups.address })
      .from(groups)
      .where(late)
      .orderBy(groups.nextDue)
      .limit(500);
    const open = db
      .select({ address: grants.address })
      .from(grants)
      .where(eq(grants.state, "open"))
      .limit(500);
    return [...new Set([...due.all(), ...open.all()].map((row) => row.address))];
  }

  /** The groups that were active last, registered ones first. At most 1,000. */
  list(): GroupRow[] {
    const order = [desc(groups.registered), desc(groups.lastActiveAt)];
    return this.#office.db
      .select()
      .from(groups)
      .orderBy(...order)
      .limit(1000)
      .all();
  }

  #change(address: Address, change: Partial<typeof groups.$inferInsert>): GroupSettings {
    const version = this.#office.fact("settings") + 1;
    this.#office.setFact("settings", version);
    const row = this.#office.db
      .update(groups)
      .set({ ...change, version })
      .where(eq(groups.address, address))
      .returning()
      .get();
    this.#errands.configure(address, version);
    return settingsOf(row!);
  }

  /** Main and the audit see which chat is meant from now on. */
  #renamed({ address, name }: GroupRow, title: string): void {
    const detail = `${name} -> ${title}`;
    this.#office.record({ what: "renamed", subject: address, who: "the platform", from: address, detail });
    // Once a day: whoever may change the title could fill main with it.
    this.#errands.tell(
      `renamed:${address}:${dayOf(this.#office.now(), this.#office.config.TIMEZONE)}`,
      `The chat "${name}" (${address}) is called "${title}" now.`,
    );
  }

  /** Takes the folder from a group that was removed; that one gets another, should it come back. */
  #give(row: GroupRow, heir: Address): string {
    const chat = { address: row.address, title: row.name };
    this.#errands.handOver({ folder: row.folder, giver: row.address, heir });
    this.#change(row.address, { folder: this.#freeFolder(chat) });
    return row.folder;
  }

  #freeFolder(chat: { address: Address; title?: string }): string {
    const taken = this.#office.db.select({ folder: groups.folder }).from(groups);
    for (const name of folderNames(chat.title, chat.address))
      if (!taken.where(eq(groups.folder, name)).get()) return name;
    throw new Error("unreachable: the names do not end");
  }
}

/** The columns of a change: null is the default, and a name that nobody chose is the chat's title. */
function columnsOf(row: GroupRow, change: SettingsChange): Partial<typeof groups.$inferInsert> {
  const { name, requiresTrigger, mode, paused, ...others } = change;
  const called = name ?? row.title ?? row.name;
  return {
    ...others,
    ...(name === undefined ? {} : { name: called, nameKey: keyOf(called), named: name !== null }),
    ...(requiresTrigger === undefined ? {} : { requiresTrigger: requiresTrigger ?? row.type === "group" }),
    ...(mode === undefined ? {} : { mode: mode ?? "normal" }),
    ...(paused === undefined ? {} : { paused: paused ?? false }),
  };
}
