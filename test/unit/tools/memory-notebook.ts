import { search } from "../../../agent/file-search.ts";
import { type Change, type FileInfo, GLOBAL, HOME, type Notebook } from "../../../agent/notebook.ts";
import { resolvePath } from "../../../agent/paths.ts";

/** A notebook in memory, for tools that are tested without a Durable Object. `main` may write the global files. */
export function memoryNotebook(files: Record<string, string | Uint8Array> = {}, main = false): Notebook {
  const kept = new Map<string, { bytes: Uint8Array; info: FileInfo }>();
  let version = 1;
  const put = (path: string, content: string | Uint8Array) => {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    kept.set(path, {
      bytes,
      info: { path, size: bytes.length, updatedAt: 0, version, text: !bytes.includes(0) },
    });
  };
  for (const [path, content] of Object.entries(files)) put(path, content);
  const list = (folder: string) => {
    const place = folder === "/workspace" ? { ok: true as const, absolute: folder } : resolvePath(folder);
    const infos = [...kept.values()].map((file) => file.info).sort((a, b) => (a.path < b.path ? -1 : 1));
    return place.ok ? infos.filter((info) => info.path.startsWith(`${place.absolute}/`)) : [];
  };
  const find = (path: string) => {
    const place = resolvePath(path);
    if (!place.ok) return place;
    const file = kept.get(place.absolute);
    if (file) return { ok: true as const, ...file };
    const error =
      list(place.absolute).length || !place.rest ? ("is-directory" as const) : ("not-found" as const);
    return { ok: false as const, error, path: place.absolute };
  };
  return {
    list,
    async bytes(path) {
      return find(path);
    },
    async read(path) {
      const file = find(path);
      if (!file.ok) return file;
      if (!file.info.text) return { ok: false, error: "binary", path: file.info.path, size: file.info.size };
      return { ok: true, text: new TextDecoder().decode(file.bytes), info: file.info };
    },
    async write(changes: Change[], _author, commit) {
      const written: FileInfo[] = [];
      for (const change of changes) {
        const place = resolvePath(change.path);
        if (!place.ok) return place;
        const there = kept.get(place.absolute)?.info.version ?? 0;
        if (change.expect !== undefined && change.expect !== there)
          return { ok: false, error: "conflict", path: place.absolute };
        if (place.root.endsWith("global") && !main)
          return { ok: false, error: "read-only", path: place.absolute };
      }
      version++;
      for (const change of changes) {
        const place = resolvePath(change.path);
        if (!place.ok) return place;
        if ("remove" in change) kept.delete(place.absolute);
        else {
          put(place.absolute, change.content);
          written.push(kept.get(place.absolute)!.info);
        }
      }
      commit?.();
      return { ok: true, written };
    },
    roots: () => [
      { path: HOME, readOnly: false },
      { path: GLOBAL, readOnly: !main },
    ],
    async search(pattern, folder, limit) {
      const text = (path: string) => new TextDecoder().decode(kept.get(path)!.bytes);
      return { matches: await search({ list, text }, pattern, folder, limit), unread: 0 };
    },
  };
}
