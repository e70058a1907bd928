import { and, asc, eq, lt, lte, or } from "drizzle-orm";
import type { Address } from "../../channels/channel.ts";
import type { Office } from "./office.ts";
import { groups, handovers, intents, notices } from "./schema.ts";
import { settingsOf } from "./settings.ts";

/** First look after what a crash may have left, then doubling up to an hour, in milliseconds. */
const FIRST_LOOK = 5_000;
const LAST_LOOK = 3600_000;
/** How long a notice's key is remembered, and how long it is tried. */
const KEPT_MS = 48 * 3600_000;

/** Calls of one run; Cloudflare's free plan allows 50 in one invocation. The next run follows at once, in milliseconds. */
const CALLS = 40;
const NEXT_RUN = 50;

/** A group that takes longer to answer is asked again later, in milliseconds. */
const DEADLINE_MS = 10_000;

/**
 * What the directory owes to groups: new settings, folders that change hands, and notices to main. A row stands for each from its cause's own
 * transaction on, so a crash at any line only repeats a call that may be repeated.
 */
export class Errands {
  readonly #office: Office;
  #running: Promise<void> | undefined;
  #looks = 0;

  constructor(office: Office) {
    this.#office = office;
  }

  /** The group has to learn its settings. Call it inside the transaction that changes them. */
  configure(address: (typeof intents.$inferInsert)["address"], version: number): void {
    const set = { version };
    this.#office.db
      .insert(intents)
      .values({ address, version })
      .onConflictDoUpdate({ target: intents.address, set })
      .run();
    this.#arm();
  }

  /** A folder goes from a group to another. Call it inside the transaction that gives it away. */
  handOver(handover: Pick<typeof handovers.$inferSelect, "folder" | "giver" | "heir">): void {
    this.#office.db.insert(handovers).values(handover).run();
    this.#arm();
  }

  /** Whether a folder of this group is on its way, from it or to it. */
  handsOver(address: Address): boolean {
    const mine = or(eq(handovers.giver, address), eq(handovers.heir, address));
    return this.#office.db.select().from(handovers).where(mine).limit(1).get() !== undefined;
  }

  /** Main is to be told, once a key. False when it was before. Call it inside the transaction of the cause. */
  tell(key: string, text: string): boolean {
    const { db, now } = this.#office;
    if (db.select({ key: notices.key }).from(notices).where(eq(notices.key, key)).get()) return false;
    db.delete(notices)
      .where(lt(notices.at, now() - KEPT_MS))
      .run();
    db.insert(notices).values({ key, text, at: now() }).run();
    this.#arm();
    return true;
  }

  /** Runs what is owed; one run at a time. Never throws: what fails is tried again by the alarm. */
  run(): Promise<void> {
    this.#running ??= this.#runAll().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Whether something is owed. Three index look-ups. */
  owed(): boolean {
    return [this.#intents(), this.#handovers(), this.#waiting()].some((rows) => rows.length > 0);
  }

  /** The alarm: arms the next look first, then runs. */
  async look(): Promise<void> {
    if (!this.owed()) return;
    this.#looks++;
    this.#arm();
    await this.run();
  }

  async #runAll(): Promise<void> {
    const failed = new Set<string>();
    for (let calls = 0; calls < CALLS; calls++) {
      const errand = this.#next(failed);
      if (!errand) return this.#rest();
      if (!(await errand.run())) failed.add(errand.id);
    }
    return failed.size < CALLS ? this.#goOn() : this.#rest();
  }

  #next(failed: Set<string>): { id: string; run(): Promise<boolean> } | undefined {
    const limit = failed.size + 1;
    const intent = this.#intents(limit).find((row) => !failed.has(row.address));
    if (intent) return { id: intent.address, run: () => this.#configure(intent) };
    const handover = this.#handovers(limit).find((row) => !failed.has(row.folder));
    if (handover) return { id: handover.folder, run: () => this.#handOver(handover) };
    const notice = this.#waiting(limit).find((row) => !failed.has(row.key));
    return notice && { id: notice.key, run: () => this.#deliver(notice) };
  }

  /** There may be more than one run may do. */
  async #goOn(): Promise<void> {
    this.#looks = 0;
    await this.#office.ctx.storage.setAlarm(this.#office.now() + NEXT_RUN);
  }

  async #rest(): Promise<void> {
    if (this.owed()) return;
    this.#looks = 0;
    await this.#office.ctx.storage.deleteAlarm();
  }

  async #configure(intent: typeof intents.$inferSelect): Promise<boolean> {
    const { db } = this.#office;
    const row = this.#group(intent.address);
    try {
      if (row) await inTime(this.#office.env.GROUP.getByName(row.address).configure(settingsOf(row)));
    } catch (error) {
      this.#office.report(`configuring ${intent.address} failed and is tried again`, error);
      return false;
    }
    // A newer change may have come while the group was told of this one.
    const told = and(
      eq(intents.address, intent.address),
      lte(intents.version, row?.version ?? intent.version),
    );
    db.delete(intents).where(told).run();
    return true;
  }

  /**
   * First the heir takes the files over, which `configure` waits for; then the giver forgets them. Both may be repeated,
   * and each is known to be done before the next step's row is written.
   */
  async #handOver({ folder, giver, heir, taken }: typeof handovers.$inferSelect): Promise<boolean> {
    const { db, env } = this.#office;
    const mine = eq(handovers.folder, folder);
    const [from, to] = [this.#group(giver)!, this.#group(heir)!];
    try {
      if (!taken) {
        await inTime(env.GROUP.getByName(heir).configure(settingsOf(to)));
        db.update(handovers).set({ taken: true }).where(mine).run();
      }
      await inTime(env.GROUP.getByName(giver).release(folder, settingsOf(from)));
    } catch (error) {
      this.#office.report(`handing over the folder ${folder} failed and is tried again`, error);
      return false;
    }
    db.delete(handovers).where(mine).run();
    return true;
  }

  async #deliver(notice: typeof notices.$inferSelect): Promise<boolean> {
    const { db, env } = this.#office;
    const told = await Promise.allSettled(
      this.mains().map(async (address) =>
        inTime(env.GROUP.getByName(address).notify(notice.key, notice.text)),
      ),
    );
    const failure = told.find((result) => result.status === "rejected");
    if (failure) this.#office.report("a notice to main failed and is tried again", failure.reason);
    else db.update(notices).set({ delivered: true }).where(eq(notices.key, notice.key)).run();
    return !failure;
  }

  #group(address: Address) {
    return this.#office.db.select().from(groups).where(eq(groups.address, address)).get();
  }

  #handovers(limit = 1) {
    return this.#office.db.select().from(handovers).limit(limit).all();
  }

  /** The chats that are main. */
  mains(): Address[] {
    const rows = this.#office.db
      .select({ address: groups.address })
      .from(groups)
      .where(eq(groups.main, true));
    return rows.all().map(({ address }) => address);
  }

  #intents(limit = 1) {
    return this.#office.db.select().from(intents).limit(limit).all();
  }

  #waiting(limit = 1) {
    const waiting = eq(notices.delivered, false);
    return this.#office.db.select().from(notices).where(waiting).orderBy(asc(notices.at)).limit(limit).all();
  }

  #arm(): void {
    const pause = Math.min(FIRST_LOOK * 2 ** this.#looks, LAST_LOOK);
    void this.#office.ctx.storage.setAlarm(this.#office.now() + pause);
  }
}

/** Every errand may be repeated, so one that is given up may still arrive. */
async function inTime(call: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer for ${DEADLINE_MS / 1000} s`)), DEADLINE_MS);
  await Promise.race([call, late]).finally(() => clearTimeout(timer));
}
