import { and, asc, eq, getTableColumns, gte, lt, sql } from "drizzle-orm";
import type { Room } from "../room.ts";
import { MAX_TEXT } from "./file-objects.ts";
import { mountCopy } from "./mount-schema.ts";
import { fileCounters } from "./schema.ts";

/** Text of mounts that a group keeps, in bytes. What is beyond is fetched at each read and not searched. */
const MAX_KEPT = 32 * 1024 * 1024;

type Row = typeof mountCopy.$inferSelect;
/** A row without its text. */
export type MountHead = Omit<Row, "text"> & { isText: boolean };

const { text, ...columns } = getTableColumns(mountCopy);
const HEAD = { ...columns, isText: sql<boolean>`${text} is not null`.mapWith(Boolean) };

/** The rows of the mounts' files, by their keys in the bucket: two mounts of one prefix share them. */
export class MountRows {
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
  }

  get(key: string): Row | undefined {
    return this.#room.db.select().from(mountCopy).where(eq(mountCopy.key, key)).get();
  }

  /** Every row whose key begins with a prefix that ends in a slash, sorted by key. */
  under(prefix: string): MountHead[] {
    // "0" is the character after "/".
    const below = and(gte(mountCopy.key, prefix), lt(mountCopy.key, `${prefix.slice(0, -1)}0`));
    return this.#room.db.select(HEAD).from(mountCopy).where(below).orderBy(asc(mountCopy.key)).all();
  }

  all(): Pick<Row, "key" | "etag" | "version">[] {
    const { key, etag, version } = columns;
    return this.#room.db.select({ key, etag, version }).from(mountCopy).all();
  }

  /** What the bucket says of an object. The content of another etag is forgotten. */
  saw(object: R2Object): void {
    if (this.get(object.key)?.etag !== object.etag) this.#put(object, { read: false, text: null });
  }

  /** An object and its content, null where it is no text. */
  knows(object: R2Object, text: string | null): void {
    const isKept = text === null || this.#kept() + object.size <= MAX_KEPT;
    this.#put(object, isKept ? { read: true, text } : { read: false, text: null });
  }

  remove(key: string): void {
    this.#room.db.delete(mountCopy).where(eq(mountCopy.key, key)).run();
  }

  /** Grows with every change. */
  get version(): number {
    const own = eq(fileCounters.name, "mounts");
    return this.#room.db.select().from(fileCounters).where(own).get()?.value ?? 0;
  }

  #put(object: R2Object, content: Pick<Row, "read" | "text">): void {
    const { key, etag, size } = object;
    const known = this.get(key);
    const version = known?.etag === etag ? known.version : this.#next();
    const outside = isOutside(object, this.#room.address);
    const row = { etag, size, version, updatedAt: object.uploaded.getTime(), outside, ...content };
    this.#room.db
      .insert(mountCopy)
      .values({ key, ...row })
      .onConflictDoUpdate({ target: mountCopy.key, set: row })
      .run();
  }

  #kept(): number {
    const sum = sql<number>`coalesce(sum(${mountCopy.size}), 0)`;
    return this.#room.db.select({ sum }).from(mountCopy).where(sql`${mountCopy.text} is not null`).get()!.sum;
  }

  #next(): number {
    const value = this.version + 1;
    this.#room.db
      .insert(fileCounters)
      .values({ name: "mounts", value })
      .onConflictDoUpdate({ target: fileCounters.name, set: { value } })
      .run();
    return value;
  }
}

/** Whether a file could be text that nobody has looked at yet. */
export function isUnread({ read, size }: Pick<Row, "read" | "size">): boolean {
  return !read && size <= MAX_TEXT;
}

/** Whose words an object holds, kept with it in the bucket. */
export function labelOf(trust: string, group: string, by: string): Record<string, string> {
  return { trust, group, by: by.slice(0, 500) };
}

/**
 * Main's words and those of the group's own people are none from outside. What has no label was put into the bucket by
 * whoever has its keys: the owner.
 */
function isOutside({ customMetadata }: R2Object, reader: string): boolean {
  const { trust, group } = customMetadata ?? {};
  if (trust === undefined || trust === "owner") return false;
  return trust === "outside" || group !== reader;
}
