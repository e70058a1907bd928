import { type OutgoingFile, PICTURES } from "../files.ts";
import type { ShownFile } from "./frames.ts";

/** Files as a page shows them, as a field of a message; none where there are none. */
export function shownFiles(files: readonly OutgoingFile[] = []): { files?: ShownFile[] } {
  return files.length === 0 ? {} : { files: files.map(shown) };
}

function shown({ key, name, size, mime, path }: OutgoingFile): ShownFile {
  const id = key.slice(key.lastIndexOf("/") + 1);
  return { id, name, size, picture: PICTURES.includes(mime), path };
}
