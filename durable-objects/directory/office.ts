import { and, desc, eq, inArray, lt } from "drizzle-orm";
import type { Address } from "../../channels/channel.ts";
import { now } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Database } from "../database.ts";
import { log, messageOf } from "../log.ts";
import { Allowance } from "./allowance.ts";
import { type AuditRequest, type By, DIRECTORY, type RightsEntry } from "./rpc.ts";
import { audit, facts } from "./schema.ts";

/** Rows of the audit that are kept. Refusals are counted apart: nobody can push out what was done by being refused. */
const DEEDS = 2000;
const REFUSALS = 500;
/** Characters of a subject and of a detail. */
const LONGEST = 300;

/** Who changed whose rights. `from` is the address that asked, or `console`. */
export interface Deed {
  what:
    | "registered"
    | "removed"
    | "made main"
    | "paired"
    | "configured"
    | "renamed"
    | "paused"
    | "resumed"
    | "adopted"
    | "wrote"
    | "moved"
    | "guessed wrong"
    | "made an MCP token"
    | "revoked an MCP token"
    | "refused";
  subject: string;
  who: string;
  from: string;
  detail?: string;
}

/** Who asks, as the audit keeps it. */
export function askerOf(by: By | undefined): { address: Address | undefined; who: string; from: string } {
  if (by === undefined) return { address: undefined, who: "owner", from: "console" };
  if (typeof by === "string") return { address: by, who: "main", from: by };
  return { address: by.address, who: by.who || "nobody", from: by.address };
}

/** What all parts of the directory share: its storage, its configuration, the other objects. */
export class Office {
  readonly ctx: DurableObjectState;
  readonly env: Env;
  readonly db: Database;
  readonly config: Config;
  readonly now = now;
  readonly allowance = new Allowance();

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

  fact(name: "settings" | "templates" | "paused"): number {
    return this.db.select().from(facts).where(eq(facts.name, name)).get()?.value ?? 0;
  }

  setFact(name: "settings" | "templates" | "paused", value: number): void {
    const set = { value };
    this.db.insert(facts).values({ name, value }).onConflictDoUpdate({ target: facts.name, set }).run();
  }

  /** Keeps a deed, and those before it as far as there is room. Call it inside the transaction of the deed. */
  record(deed: Deed): void {
    const refusal = deed.what === "refused" || deed.what === "guessed wrong";
    const [subject, detail] = [cut(deed.subject), cut(deed.detail ?? "")];
    this.db
      .insert(audit)
      .values({ ...deed, subject, detail, refusal, at: this.now() })
      .run();
    const newest = this.db.select({ id: audit.id }).from(audit).where(eq(audit.refusal, refusal));
    const surplus = newest
      .orderBy(desc(audit.id))
      .limit(100)
      .offset(refusal ? REFUSALS : DEEDS);
    this.db.delete(audit).where(inArray(audit.id, surplus)).run();
  }

  /** The newest deeds first. */
  deeds({ limit, before, group }: AuditRequest): RightsEntry[] {
    const { at, what, subject, who, from, detail, id } = audit;
    const wanted = and(
      before === undefined ? undefined : lt(at, before),
      group === undefined ? undefined : eq(subject, group),
    );
    const rows = this.db.select({ at, what, subject, who, from, detail }).from(audit).where(wanted);
    return rows
      .orderBy(desc(id))
      .limit(Math.min(Math.max(limit, 1), DEEDS))
      .all();
  }

  /** Logs what failed and is tried again. */
  report(what: string, error: unknown): void {
    log("warn", this.config.LOG_LEVEL, what, { address: DIRECTORY, message: messageOf(error) });
  }
}

function cut(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST).toWellFormed()}…` : text;
}
