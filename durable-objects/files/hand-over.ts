import { and, asc, eq, gt } from "drizzle-orm";
import type { Address } from "../../channels/channel.ts";
import type { Database } from "../database.ts";
import type { Room } from "../room.ts";
import { fileCounters, files, fileVersions } from "./schema.ts";

/** Characters of text in one page; an RPC message has 32 MB. */
const PAGE = 4_000_000;

/** Files of a folder that another group adopts, with their versions. `next`: where the next page begins. */
export interface HandedOver {
  files: (typeof files.$inferSelect)[];
  versions: (typeof fileVersions.$inferSelect)[];
  next?: string;
}

/**
 * The index of a group's folder from a path on, one page. The objects in R2 stay where they are: from now on they are
 * the new owner's, and the old one's writer touches no key outside of its own folder.
 */
export function handOver(db: Database, after: string): HandedOver {
  const page: HandedOver = { files: [], versions: [] };
  let size = 0;
  for (let path = nextPath(db, after); path !== undefined; path = nextPath(db, path)) {
    if (size >= PAGE) return { ...page, next: after };
    const found = db.select().from(files).where(eq(files.path, path)).all();
    const versions = db.select().from(fileVersions).where(eq(fileVersions.path, path)).all();
    page.files.push(...found);
    page.versions.push(...versions);
    size += [...found, ...versions].reduce((sum, { text }) => sum + (text?.length ?? 0) + 1000, 0);
    after = path;
  }
  return page;
}

/** Takes over the files of the folder that main let this group adopt, once. A crash on the way repeats it. */
export async function takeOver(room: Room): Promise<void> {
  const from = room.settings?.adoptedFrom;
  if (!from || room.get("furnished")) return;
  for (let after: string | undefined = ""; after !== undefined; ) {
    const page: HandedOver = await ask(room, from, after);
    // Another call was faster: what it took over may have been changed since.
    if (room.get("furnished")) return;
    room.transaction(() => keep(room.db, page));
    after = page.next;
  }
  room.set("furnished", true);
}

/**
 * Forgets a folder that another group took over, once: a call that comes late must not touch what is written since. A
 * group that comes back begins with a new folder and its templates.
 */
export function release(room: Room, folder: string): void {
  const released = room.get("released") ?? [];
  if (released.includes(folder)) return;
  room.transaction(() => {
    room.db.delete(files).run();
    room.db.delete(fileVersions).run();
    room.clear("furnished");
    room.set("released", [...released, folder]);
  });
}

function ask(room: Room, from: Address, after: string): Promise<HandedOver> {
  return room.env.GROUP.getByName(from).handOver(after) as Promise<HandedOver>;
}

/** The messages that they came from are in the other chat: their ids mean nothing here. */
function keep(db: Database, page: HandedOver): void {
  for (const row of page.files)
    db.insert(files)
      .values({ ...row, source: null })
      .onConflictDoNothing()
      .run();
  for (const row of page.versions)
    db.insert(fileVersions)
      .values({ ...row, source: null })
      .onConflictDoNothing()
      .run();
  const own = eq(fileCounters.name, "own");
  const now = db.select().from(fileCounters).where(own).get()?.value ?? 0;
  const value = Math.max(now, ...[...page.files, ...page.versions].map(({ version }) => version));
  db.insert(fileCounters)
    .values({ name: "own", value })
    .onConflictDoUpdate({ target: fileCounters.name, set: { value } })
    .run();
}

/** The next path of which there is a file or a version. */
function nextPath(db: Database, after: string): string | undefined {
  const first = [files, fileVersions].map(
    (table) =>
      db
        .select({ path: table.path })
        .from(table)
        .where(and(gt(table.path, after)))
        .orderBy(asc(table.path))
        .limit(1)
        .get()?.path,
  );
  return first.filter((path) => path !== undefined).sort()[0];
}
