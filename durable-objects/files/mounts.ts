import type { Mount } from "../../agent/group-settings.ts";
import { EXTRA, type FileError, type FileInfo, type FileResult, type Root } from "../../agent/notebook.ts";
import { resolvePath } from "../../agent/paths.ts";
import type { Room } from "../room.ts";
import { contentOf, inParallel, MAX_FILE } from "./file-objects.ts";
import { isUnread, type MountHead, MountRows } from "./mount-rows.ts";

/** Files that one mount shows, the first ones by name. */
export const MAX_MOUNTED = 1000;
/** Files and bytes that one search fetches at most. */
const FETCHED = 40;
const FETCHED_BYTES = 8 * 1024 * 1024;

/** A path below `/workspace/extra`: its mount, its key in the bucket; `rest` is empty for the mount itself. */
export interface Spot {
  mount: Mount;
  absolute: string;
  rest: string;
  key: string;
}

/**
 * The mounts of a group: parts of the bucket that main gave it, which others may write meanwhile. The rows say what the
 * bucket held when a turn opened; contents are fetched when they are asked for, and kept as long as their etag stands.
 * What is mounted is asked at each call, so that a mount is gone in the moment in which its setting is.
 */
export class Mounts {
  readonly rows: MountRows;
  readonly #room: Room;

  constructor(room: Room) {
    this.#room = room;
    this.rows = new MountRows(room);
  }

  get all(): Mount[] {
    return this.#room.settings?.mounts ?? [];
  }

  /**
   * Takes over what changed in the bucket. It costs a request a mount; without mounts none. Where the bucket can't be
   * asked, what was known stays.
   */
  async pull(): Promise<void> {
    if (this.all.length === 0 && this.rows.version === 0) return;
    await this.#pull(this.all).catch((error) => this.#room.report("the mounts could not be read", error));
  }

  async #pull(mounts: Mount[]): Promise<void> {
    const before = this.rows.version;
    const listed = new Map<string, R2Object>();
    const cut: string[] = [];
    await inParallel(mounts, async ({ name, prefix }) => {
      const { objects, truncated } = await this.#list(prefix);
      for (const object of shownOf(objects, prefix)) listed.set(object.key, object);
      if (truncated) cut.push(name);
    });
    this.#room.transaction(() => this.#take(listed, before));
    if (cut.join() !== (this.#room.get("cutMounts") ?? []).join()) this.#room.set("cutMounts", cut);
  }

  roots(): Root[] {
    const cut = this.#room.get("cutMounts") ?? [];
    return this.all.map(({ name, readOnly }) => {
      const path = `${EXTRA}/${name}`;
      return { path, readOnly, ...(cut.includes(name) ? { cut: true as const } : {}) };
    });
  }

  async read(path: string): Promise<FileResult<{ text: string; info: FileInfo }>> {
    const file = await this.#content(path);
    if (!file.ok) return file;
    const { info, text } = file;
    return text === null
      ? { ok: false, error: "binary", path: info.path, size: info.size }
      : { ok: true, text, info };
  }

  async bytes(path: string): Promise<FileResult<{ bytes: Uint8Array; info: FileInfo }>> {
    const file = await this.#content(path);
    return file.ok ? { ok: true, bytes: file.bytes, info: file.info } : file;
  }

  /** A text that was fetched before. */
  text(path: string): string | undefined {
    const spot = this.spot(path);
    return spot && (this.rows.get(spot.key)?.text ?? undefined);
  }

  /** What is known of a file. */
  info(path: string): FileInfo | undefined {
    const spot = this.spot(path);
    const row = spot && this.rows.get(spot.key);
    return row && infoOf({ ...row, isText: row.text !== null }, spot);
  }

  list(folder: string): FileInfo[] {
    return this.#heads(folder).map(({ head, spot }) => infoOf(head, spot));
  }

  /** Fetches texts that were not looked at yet, as many as one search may. Returns how many are left. */
  async fetchTexts(folder: string): Promise<number> {
    await this.#fetchSome(folder);
    return this.#heads(folder).filter(({ head }) => isUnread(head)).length;
  }

  /** Where a path lies; undefined where nothing is mounted. */
  spot(path: string): Spot | undefined {
    const place = resolvePath(path);
    if (!place.ok || place.root !== EXTRA) return undefined;
    const [name, ...names] = place.rest.split("/");
    const mount = this.all.find((other) => other.name === name);
    const rest = names.join("/");
    return mount && { mount, absolute: place.absolute, rest, key: mount.prefix + rest };
  }

  /** Why there is no file. */
  absent(path: string): { ok: false } & FileError {
    const spot = this.spot(path);
    const isRoot = path === EXTRA && this.all.length > 0;
    if (!spot && !isRoot) return { ok: false, error: "outside", path };
    const isFolder = !spot?.rest || this.#heads(path).length > 0;
    return { ok: false, error: isFolder ? "is-directory" : "not-found", path };
  }

  #heads(folder: string): { head: MountHead; spot: Spot }[] {
    const place = resolvePath(folder);
    if (place.ok && place.root === EXTRA && place.rest === "")
      return this.all.flatMap(({ name }) => this.#heads(`${EXTRA}/${name}`));
    const spot = this.spot(folder);
    if (!spot) return [];
    const { mount } = spot;
    const heads = this.rows.under(spot.rest ? `${spot.key}/` : mount.prefix);
    return heads.map((head) => {
      const rest = head.key.slice(mount.prefix.length);
      return { head, spot: { mount, rest, key: head.key, absolute: `${EXTRA}/${mount.name}/${rest}` } };
    });
  }

  async #content(path: string) {
    const place = resolvePath(path);
    if (!place.ok) return place;
    const spot = this.spot(path);
    const row = spot && this.rows.get(spot.key);
    if (!spot || !row) return this.absent(place.absolute);
    if (row.text !== null) {
      const bytes = new TextEncoder().encode(row.text);
      return { ok: true as const, bytes, text: row.text, info: infoOf({ ...row, isText: true }, spot) };
    }
    return this.#fetch(spot);
  }

  async #fetch(spot: Spot) {
    const { absolute: path, key } = spot;
    const object = await this.#room.env.FILES.get(key);
    if (!object) {
      this.rows.remove(key);
      return this.absent(path);
    }
    const { size } = object;
    if (size > MAX_FILE) {
      await object.body.cancel();
      return { ok: false as const, error: "too-large" as const, path, size, limit: MAX_FILE };
    }
    const content = await contentOf(path, new Uint8Array(await object.arrayBuffer()));
    if ("error" in content) return { ok: false as const, ...content };
    this.#room.transaction(() => this.rows.knows(object, content.text));
    const head = { ...this.rows.get(key)!, isText: content.text !== null };
    return { ok: true as const, bytes: content.bytes, text: content.text, info: infoOf(head, spot) };
  }

  async #fetchSome(folder: string): Promise<void> {
    let room = FETCHED_BYTES;
    const unread = this.#heads(folder).filter(({ head }) => isUnread(head));
    const wanted = unread.slice(0, FETCHED).filter(({ head }) => {
      room -= head.size;
      return room >= 0;
    });
    await inParallel(wanted, ({ spot }) => this.#fetch(spot));
  }

  async #list(prefix: string): Promise<{ objects: R2Object[]; truncated: boolean }> {
    const objects: R2Object[] = [];
    let cursor: string | undefined;
    for (;;) {
      const limit = MAX_MOUNTED - objects.length;
      // With metadata a page may hold fewer objects than it is asked for.
      const page = await this.#room.env.FILES.list({ prefix, limit, cursor, include: ["customMetadata"] });
      objects.push(...page.objects);
      if (!page.truncated) return { objects, truncated: false };
      if (objects.length >= MAX_MOUNTED) return { objects, truncated: true };
      cursor = page.cursor;
    }
  }

  /** What came after `before` is newer than the list. */
  #take(listed: Map<string, R2Object>, before: number): void {
    const known = new Map(this.rows.all().map((row) => [row.key, row]));
    for (const { key, version } of known.values()) {
      if (version <= before && !listed.has(key)) this.rows.remove(key);
    }
    for (const object of listed.values()) {
      const row = known.get(object.key);
      if (!row || (row.etag !== object.etag && row.version <= before)) this.rows.saw(object);
    }
  }
}

/** Objects that are files of a folder here: their keys read as one plain path, and none lies below another. */
function shownOf(objects: R2Object[], prefix: string): R2Object[] {
  const keys = new Set(objects.map(({ key }) => key));
  return objects.filter(({ key }) => {
    const rest = key.slice(prefix.length);
    const place = resolvePath(`${EXTRA}/x/${rest}`);
    const names = rest.split("/").slice(0, -1);
    const parents = names.map((_, index) => prefix + names.slice(0, index + 1).join("/"));
    return place.ok && rest !== "" && place.rest === `x/${rest}` && !parents.some((key) => keys.has(key));
  });
}

function infoOf(head: MountHead, { absolute }: Spot): FileInfo {
  const { size, version, updatedAt, outside } = head;
  const text = head.isText || isUnread(head);
  return { path: absolute, size, version, updatedAt, text, ...(outside ? { outside } : {}) };
}
