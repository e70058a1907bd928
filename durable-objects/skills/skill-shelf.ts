import type { FileInfo, FileResult } from "../../agent/notebook.ts";
import { bundledFile, bundledFiles } from "./bundled-skills.ts";

/** Why nothing is written there. */
export const SKILLS_STAY =
  "The skills that come along stay as they are; write your own in /workspace/group/skills.";

type Absent = { ok: false; error: "is-directory" | "not-found"; path: string };

/** The skills that come along as a folder of the workspace. Paths are absolute. */
export const skillShelf = {
  async read(path: string): Promise<FileResult<{ text: string; info: FileInfo }>> {
    const file = bundledFile(path);
    return file ? { ok: true, ...file } : absent(path);
  },

  async bytes(path: string): Promise<FileResult<{ bytes: Uint8Array; info: FileInfo }>> {
    const file = bundledFile(path);
    return file ? { ok: true, bytes: new TextEncoder().encode(file.text), info: file.info } : absent(path);
  },

  text: (path: string): string | undefined => bundledFile(path)?.text,

  list: bundledFiles,
};

function absent(path: string): Absent {
  return { ok: false, error: bundledFiles(path).length > 0 ? "is-directory" : "not-found", path };
}
