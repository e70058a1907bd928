import { max } from "drizzle-orm";
import type { Database } from "./database.ts";
import { inbox, messages, outbox, runs, turns } from "./schema.ts";

/** The greatest id that an object made before: its clock may have been ahead of ours. Five looks into indexes. */
export function newestId(db: Database): string | undefined {
  const newest = [inbox, turns, outbox, messages, runs].map(
    (table) =>
      db
        .select({ id: max(table.id) })
        .from(table)
        .get()?.id,
  );
  return newest.reduce<string | undefined>((last, id) => (id && id > (last ?? "") ? id : last), undefined);
}
