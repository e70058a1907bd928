import { createHash } from "node:crypto";
import { and, asc, eq, inArray, lt, sql } from "drizzle-orm";
import { getMimeType } from "hono/utils/mime";
import { type OutgoingFile, PICTURES, pictureType } from "../../channels/files.ts";
import type { Room } from "../room.ts";
import { outbox, pins } from "../schema.ts";

/** A file is kept so long after it was queued last. */
const KEPT_MS = 30 * 24 * 3600_000;
/** Old files that one look takes. */
const AT_ONCE = 100;

/** A file as its outbox row names it. */
export type PinnedFile = Omit<OutgoingFile, "bytes">;

/**
 * Keeps what is to be sent as it was when it was queued, in R2 by its content: `media/<folder>/<sha256>`. The row is
 * written before the object, so that nothing lies there unknown; both go when no message needs them any more. One thing
 * after the other: what is being kept is not being forgotten.
 */
export class Pins {
  readonly #room: Room;
  #last: Promise<unknown> = Promise.resolve();

  constructor(room: Room) {
    this.#room = room;
  }

  /** Keeps a file of the workspace. The same content is kept once. */
  keep(path: string, bytes: Uint8Array): Promise<PinnedFile> {
    return this.#oneByOne(async () => {
      const name = nameOf(path);
      const mime = mimeOf(name, bytes);
      const key = this.#keyFor(createHash("sha256").update(bytes).digest("hex"));
      await this.#put(key, bytes, mime);
      return { name, mime, size: bytes.length, key, path };
    });
  }

  /** Keeps files that another group keeps, for this one's chat. Throws where one is gone. */
  async adopt(files: readonly PinnedFile[]): Promise<PinnedFile[]> {
    const own: PinnedFile[] = [];
    for (const file of files) own.push(await this.#oneByOne(() => this.#adopt(file)));
    return own;
  }

  /** The files with their bytes; `gone` where one is not kept any more. */
  async load(files: readonly PinnedFile[]): Promise<OutgoingFile[] | "gone"> {
    const loaded: OutgoingFile[] = [];
    for (const file of files) {
      const object = await this.#room.env.FILES.get(file.key);
      if (!object) return "gone";
      loaded.push({ ...file, bytes: new Uint8Array(await object.arrayBuffer()) });
    }
    return loaded;
  }

  /** Forgets what was queued long ago and waits to be sent no more. */
  forgetOld(): Promise<void> {
    return this.#oneByOne(async () => {
      const { db, env, now } = this.#room;
      const old = db
        .select()
        .from(pins)
        .where(lt(pins.at, now() - KEPT_MS));
      for (const { key } of old.orderBy(asc(pins.at)).limit(AT_ONCE).all()) {
        if (this.#isNeeded(key)) continue;
        // A folder that was given to another group is that group's: only the row goes.
        if (key.startsWith(this.#keyFor(""))) await env.FILES.delete(key);
        db.delete(pins).where(eq(pins.key, key)).run();
      }
    });
  }

  async #adopt(file: PinnedFile): Promise<PinnedFile> {
    const key = this.#keyFor(file.key.slice(file.key.lastIndexOf("/") + 1));
    if (key === file.key) return file;
    const object = await this.#room.env.FILES.get(file.key);
    if (!object) throw new Error(`${file.name} is not kept any more`);
    await this.#put(key, new Uint8Array(await object.arrayBuffer()), file.mime);
    return { ...file, key };
  }

  async #put(key: string, bytes: Uint8Array, mime: string): Promise<void> {
    const { db, env, now } = this.#room;
    const at = now();
    db.insert(pins).values({ key, at }).onConflictDoUpdate({ target: pins.key, set: { at } }).run();
    // Only what certainly is a picture is ever shown inside a page.
    const contentType = PICTURES.includes(mime) ? mime : "application/octet-stream";
    await env.FILES.put(key, bytes, { httpMetadata: { contentType } });
  }

  #keyFor(hash: string): string {
    const folder = this.#room.settings?.folder;
    if (!folder) throw new Error("This chat is not registered, so it sends no files.");
    return `media/${folder}/${hash}`;
  }

  #isNeeded(key: string): boolean {
    const open = inArray(outbox.state, ["queued", "sending", "failed", "unknown"]);
    const naming = and(open, sql`instr(${outbox.files}, ${key}) > 0`);
    return this.#room.db.select({ id: outbox.id }).from(outbox).where(naming).limit(1).get() !== undefined;
  }

  #oneByOne<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => {});
    return result;
  }
}

/** What a header and every platform can carry. */
function nameOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1).replace(/["\\\p{Cc}\p{Cf}]/gu, "_");
  return name.length <= 100 ? name : name.slice(-100).toWellFormed();
}

/** A picture is what its bytes are; a name alone makes none. */
function mimeOf(name: string, bytes: Uint8Array): string {
  const told = getMimeType(name)?.split(";")[0] ?? "application/octet-stream";
  return pictureType(bytes) ?? (PICTURES.includes(told) ? "application/octet-stream" : told);
}
