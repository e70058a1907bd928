import { eq, lt, sql } from "drizzle-orm";
import { now } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Database } from "../database.ts";
import { audit, facts } from "../directory-schema.ts";
import { log, messageOf } from "../log.ts";
import { DIRECTORY } from "../rpc.ts";

/** Rows of the audit that are kept. */
const AUDIT = 2000;

/** Who changed whose rights. `from` is the address that asked, or `console`. */
export interface Deed {
  what:
    | "registered"
    | "removed"
    | "made main"
    | "paired"
    | "configured"
    | "moved"
    | "guessed wrong"
    | "refused";
  subject: string;
  who: string;
  from: string;
}

/** What all parts of the directory share: its storage, its configuration, the other objects. */
export class Office {
  readonly ctx: DurableObjectState;
  readonly env: Env;
  readonly db: Database;
  readonly config: Config;
  readonly now = now;

  constructor(ctx: DurableObjectState, env: Env, db: Database, config: Config) {
    this.ctx = ctx;
    this.env = env;
    this.db = db;
    this.config = config;
  }

  /** One transaction. Nothing in `work` may await. A throw rolls everything back. */
  transaction<T>(work: () => T): T {
    return this.ctx.storage.transactionSync(work);
  }

  fact(name: "settings" | "templates"): number {
    return this.db.select().from(facts).where(eq(facts.name, name)).get()?.value ?? 0;
  }

  setFact(name: "settings" | "templates", value: number): void {
    const set = { value };
    this.db.insert(facts).values({ name, value }).onConflictDoUpdate({ target: facts.name, set }).run();
  }

  /** Keeps a deed, and the 2,000 before it. Call it inside the transaction of the deed. */
  record(deed: Deed): void {
    this.db
      .insert(audit)
      .values({ ...deed, at: this.now() })
      .run();
    const last = this.db
      .select({ id: sql<number>`max(${audit.id})` })
      .from(audit)
      .get()!.id;
    this.db
      .delete(audit)
      .where(lt(audit.id, last - AUDIT + 1))
      .run();
  }

  /** Logs what failed and is tried again. */
  report(what: string, error: unknown): void {
    log("warn", this.config.LOG_LEVEL, what, { address: DIRECTORY, message: messageOf(error) });
  }
}
