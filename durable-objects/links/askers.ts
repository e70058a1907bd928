import { and, asc, eq, lt, notInArray, sql } from "drizzle-orm";
import type { Address } from "../../channels/channel.ts";
import type { Outside } from "./outside.ts";
import { askers } from "./schema.ts";

type Asker = typeof askers.$inferSelect;

/** Groups that are told at once: an invocation may call only so many objects. */
const WIDTH = 30;
/** The others are told after so many milliseconds; those that could not be told after so many. */
const NEXT_MS = 1000;
const AGAIN_MS = 30_000;
/** Nobody waits for longer, in milliseconds: a group gives its sends up after a day. */
const KEPT_MS = 48 * 3600_000;

/** The groups that asked while nobody could work for them. A row goes only when its group was told. */
export class Askers {
  readonly #outside: Outside;

  constructor(outside: Outside) {
    this.#outside = outside;
  }

  /** Call it before the answer that makes the group wait. */
  add(address: Address, channel: string): void {
    const { db, now } = this.#outside;
    const at = now();
    const again = { asked: sql`${askers.asked} + 1`, at };
    db.delete(askers)
      .where(lt(askers.at, at - KEPT_MS))
      .run();
    db.insert(askers)
      .values({ address, channel, asked: 1, at })
      .onConflictDoUpdate({ target: askers.address, set: again })
      .run();
  }

  /** Tells who asked, but for these channels. Arms for those that are left. */
  async knock(idle: readonly string[]): Promise<void> {
    const { db, now, arm } = this.#outside;
    const reachable = notInArray(askers.channel, [...idle]);
    const next = db.select().from(askers).where(reachable).orderBy(asc(askers.at)).limit(WIDTH).all();
    const told = await Promise.all(next.map((asker) => this.#tell(asker)));
    if (told.includes(false)) return arm(now() + AGAIN_MS);
    if (next.length === WIDTH) arm(now() + NEXT_MS);
  }

  async #tell({ address, asked }: Asker): Promise<boolean> {
    const { db, knock, report } = this.#outside;
    try {
      await knock(address);
    } catch (error) {
      report("a group could not be told that the companion is back", error);
      return false;
    }
    db.delete(askers)
      .where(and(eq(askers.address, address), eq(askers.asked, asked)))
      .run();
    return true;
  }
}
