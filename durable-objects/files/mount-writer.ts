import type { Author, Change, FileError, FileInfo, FileResult } from "../../agent/notebook.ts";
import type { Room } from "../room.ts";
import { type Content, contentOf, inParallel } from "./file-objects.ts";
import { labelOf } from "./mount-rows.ts";
import { MAX_MOUNTED, type Mounts, type Spot } from "./mounts.ts";

/** One change: what the bucket must still hold, and what is to be there. */
interface Entry {
  spot: Spot;
  /** Undefined for a removal. */
  content?: Content;
  /** Undefined: there is none. */
  etag: string | undefined;
  /** The bucket holds it already: a crash came between the put and the step's end. */
  done?: true;
}

/**
 * Writes in mounts, where others write too. Each put carries the etag that the group has seen, so that nobody's change
 * is lost; a removal looks first, since R2 removes without a condition. All files of a batch are looked at before the
 * first is written; one that is overtaken after that look ends the batch there, and the answer names what was written.
 * A crash leaves what was put; the step runs again, finds its own content and goes on.
 */
export class MountWriter {
  readonly #room: Room;
  readonly #mounts: Mounts;
  #last: Promise<unknown> = Promise.resolve();

  constructor(room: Room, mounts: Mounts) {
    this.#room = room;
    this.#mounts = mounts;
  }

  /** One batch after the other. The paths must lie below `/workspace/extra`. */
  write(changes: Change[], author: Author): Promise<FileResult<{ written: FileInfo[] }>> {
    const result = this.#last.then(() => this.#write(changes, author));
    this.#last = result.catch(() => {});
    return result;
  }

  async #write(changes: Change[], author: Author): Promise<FileResult<{ written: FileInfo[] }>> {
    const plan = await this.#plan(changes);
    if (!plan.ok) return plan;
    const overtaken = await this.#overtaken(plan.entries);
    if (overtaken) return { ok: false, error: "conflict", path: overtaken.spot.absolute };
    const kept: string[] = [];
    for (const entry of plan.entries) {
      const { absolute: path } = entry.spot;
      if (!(await this.#apply(entry, author))) return { ok: false, error: "conflict", path, kept };
      kept.push(path);
    }
    return { ok: true, written: kept.flatMap((path) => this.#mounts.info(path) ?? []) };
  }

  /** Of two changes of one file the later counts. */
  async #plan(changes: Change[]): Promise<FileResult<{ entries: Entry[] }>> {
    const entries = new Map<string, Entry>();
    for (const change of changes) {
      const spot = this.#mounts.spot(change.path);
      if (!spot) return this.#mounts.absent(change.path);
      const refusal = this.#refusal(spot, change);
      if (refusal) return refusal;
      const row = this.#mounts.rows.get(spot.key);
      if (change.expect !== undefined && (row?.version ?? 0) !== change.expect)
        return { ok: false, error: "conflict", path: spot.absolute };
      if ("remove" in change && !row) continue;
      const content = "content" in change ? await contentOf(spot.absolute, change.content) : undefined;
      if (content && "error" in content) return { ok: false, ...content };
      entries.set(spot.key, { spot, content, etag: row?.etag });
    }
    return { ok: true, entries: [...entries.values()] };
  }

  #refusal(spot: Spot, change: Change): ({ ok: false } & FileError) | undefined {
    const { mount, absolute: path, rest, key } = spot;
    if (mount.readOnly) return { ok: false, error: "read-only", path, reason: "Main mounted it read-only." };
    if ("remove" in change) return undefined;
    if (rest === "" || this.#mounts.list(path).length > 0) return { ok: false, error: "is-directory", path };
    const parent = this.#parent(spot);
    if (parent) return { ok: false, error: "bad-path", path, reason: `${parent} is a file` };
    const isNew = !this.#mounts.rows.get(key);
    if (isNew && this.#mounts.rows.under(mount.prefix).length >= MAX_MOUNTED)
      return { ok: false, error: "too-many", path, limit: MAX_MOUNTED };
  }

  #parent({ mount, rest }: Spot): string | undefined {
    const names = rest.split("/").slice(0, -1);
    const parents = names.map((_, index) => names.slice(0, index + 1).join("/"));
    return parents.find((parent) => this.#mounts.rows.get(mount.prefix + parent));
  }

  /** The first file that somebody else changed since the group saw it; from now on the group has seen that. */
  async #overtaken(entries: Entry[]): Promise<Entry | undefined> {
    const overtaken = new Set<Entry>();
    await inParallel(entries, async (entry) => {
      const now = await this.#room.env.FILES.head(entry.spot.key);
      if (now?.etag === entry.etag) return;
      if (isSame(now, entry.content)) entry.done = true;
      else overtaken.add(entry);
      this.#sees(entry.spot, now);
    });
    return entries.find((entry) => overtaken.has(entry));
  }

  async #apply({ spot, content, etag, done }: Entry, author: Author): Promise<boolean> {
    if (done) return true;
    const { FILES } = this.#room.env;
    if (!content) {
      await FILES.delete(spot.key);
      this.#mounts.rows.remove(spot.key);
      return true;
    }
    const object = await FILES.put(spot.key, content.bytes, {
      onlyIf: etag ? { etagMatches: etag } : new Headers({ "if-none-match": "*" }),
      sha256: content.sha256,
      customMetadata: labelOf(author.trust, this.#room.address, author.by),
    });
    if (object) this.#room.transaction(() => this.#mounts.rows.knows(object, content.text));
    else this.#sees(spot, await FILES.head(spot.key));
    return object !== null;
  }

  #sees({ key }: Spot, now: R2Object | null): void {
    this.#room.transaction(() => (now ? this.#mounts.rows.saw(now) : this.#mounts.rows.remove(key)));
  }
}

function isSame(object: R2Object | null, content: Content | undefined): boolean {
  return object ? content?.sha256 === object.checksums.toJSON().sha256 : content === undefined;
}
