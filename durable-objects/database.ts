import { type DrizzleSqliteDODatabase, drizzle } from "drizzle-orm/durable-sqlite";
import { migrate } from "drizzle-orm/durable-sqlite/migrator";

/** An object's SQLite, typed. Queries are synchronous; a transaction's callback may not await. */
export type Database = DrizzleSqliteDODatabase<Record<string, unknown>>;

/** What drizzle-kit writes into `migrations.js`: the order, and the SQL by name. */
export interface Migrations {
  journal: { entries: { idx: number; when: number; tag: string; breakpoints: boolean }[] };
  migrations: Record<string, string>;
}

/**
 * Opens an object's database and brings its tables up to date. Call it in the constructor: no event is delivered before
 * it is done, and where a migration fails the object fails with it, tables untouched, and tries again at its next event.
 */
export function openDatabase(ctx: DurableObjectState, migrations: Migrations): Database {
  const db = drizzle(ctx.storage);
  // `migrate` is asynchronous in name only: the tables are there when it returns, and the constructor may use them.
  const migrated = migrate(db, migrations);
  void ctx.blockConcurrencyWhile(() => migrated);
  return db;
}
