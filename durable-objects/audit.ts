import { and, desc, inArray, like, lt, notLike, type SQL } from "drizzle-orm";
import { earliestId } from "./clock.ts";
import type { Room } from "./room.ts";
import type { AuditEntry } from "./rpc.ts";
import { audit } from "./schema.ts";

/** Rows are kept a year. Refusals are counted apart, so that nobody can push out what was done by being refused. */
const KEPT_MS = 365 * 24 * 3600_000;
const DEEDS = 2000;
const REFUSALS = 500;
/** Characters of a detail. */
const DETAIL = 300;

const REFUSED = "refused ";

/** Who changed what in this group, and what was refused. Append only; no tool reads it. */
export class Audit {
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  /**
   * Keeps a deed. Call it inside the transaction of the deed.
   * @param who ids with their channel, e.g. `telegram:1001`
   * @param what a verb and what it was about, e.g. `restored /workspace/group/MEMORY.md`
   */
  record(who: string, what: string, detail: string): void {
    const { db, newId, now } = this.#room;
    const row = { id: newId(), at: now(), who, what: cut(what), detail: cut(detail) };
    db.insert(audit).values(row).run();
    const isRefusal = what.startsWith(REFUSED);
    const alike = isRefusal ? like(audit.what, `${REFUSED}%`) : notLike(audit.what, `${REFUSED}%`);
    this.#forget(alike, isRefusal ? REFUSALS : DEEDS);
  }

  /** Keeps that something was refused, and what was answered. */
  refused(who: readonly { id: string }[], what: string, reason: string): void {
    this.record(who.map(({ id }) => id).join(", ") || "nobody", REFUSED + what, reason);
  }

  /** The newest entries first. */
  list(limit: number): AuditEntry[] {
    const newest = this.#room.db.select().from(audit).orderBy(desc(audit.id));
    return newest.limit(Math.min(Math.max(limit, 1), DEEDS)).all();
  }

  #forget(alike: SQL, kept: number): void {
    const { db, now } = this.#room;
    const beyond = db.select({ id: audit.id }).from(audit).where(alike).orderBy(desc(audit.id));
    const surplus = beyond.limit(100).offset(kept);
    db.delete(audit).where(inArray(audit.id, surplus)).run();
    db.delete(audit)
      .where(and(alike, lt(audit.id, earliestId(now() - KEPT_MS))))
      .run();
  }
}

function cut(text: string): string {
  return text.length > DETAIL ? `${text.slice(0, DETAIL).toWellFormed()}…` : text;
}
