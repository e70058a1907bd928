import { eq } from "drizzle-orm";
import type { Database } from "../database.ts";
import { facts } from "./schema.ts";

/** What the line remembers of companions. */
interface Facts {
  /** Counts the companions that took the line. */
  epoch: number;
  /** Since when nobody has been there, in milliseconds, and whether main was told so. */
  gone: { at: number; told: boolean };
  /** By channel how an account has stopped, as main was told. */
  stopped: { [channel: string]: string | undefined };
  /** What main is to be told, until the directory has it. */
  owed: { key: string; text: string }[];
}

/** Small values that survive restarts. */
export class LineFacts {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  get<K extends keyof Facts>(name: K): Facts[K] | undefined {
    return this.#db.select().from(facts).where(eq(facts.name, name)).get()?.value as Facts[K] | undefined;
  }

  set<K extends keyof Facts>(name: K, value: Facts[K]): void {
    const row = { name: name as string, value };
    this.#db.insert(facts).values(row).onConflictDoUpdate({ target: facts.name, set: { value } }).run();
  }

  clear(name: keyof Facts): void {
    this.#db.delete(facts).where(eq(facts.name, name)).run();
  }
}
