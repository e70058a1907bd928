import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { EXTRA, type FileInfo, type Notebook, type Root } from "../agent/notebook.ts";
import type { Container } from "./container.ts";
import { fitting, type Noted, type Push, pushes } from "./sync.ts";

/** Bytes of files in one message to the container. */
const PART_BYTES = 3 * 1024 * 1024;

/** What the helper takes over. */
type Change = { path: string; sha: string; version: number; data: string } | { path: string };

/** What went to a container before a command. */
export interface Sent {
  /** Lists of changes, for the helper. */
  parts: string[];
  /** Files for which there was no room. */
  left: string[];
  /** Those from outside among the files that the command can read. */
  outside: string[];
}

/** Every file that a command may see. */
export function listed(notebook: Notebook, roots: readonly Root[]): FileInfo[] {
  return roots.flatMap(({ path }) => notebook.list(path));
}

export function notedOf(files: readonly FileInfo[]): Map<string, Noted> {
  return new Map(files.map(({ path, version, size }) => [path, { version, size }]));
}

/** A mount's files lie elsewhere and are many: they go to the container when a command speaks of the mount. */
function isMeant(path: string, command: string): boolean {
  if (!path.startsWith(`${EXTRA}/`)) return true;
  const [mount = ""] = path.slice(EXTRA.length + 1).split("/");
  return command.includes(mount) || /\bextra\b/.test(command);
}

/** Sends what changed in the notebook since both sides agreed, a few megabytes at a time. */
export async function sendOut(
  container: Container,
  notebook: Notebook,
  roots: readonly Root[],
  command: string,
): Promise<Sent> {
  const files = listed(notebook, roots).filter(({ path }) => isMeant(path, command));
  const { there, left } = fitting(files, container.base, command);
  const outside = files.flatMap(({ path, outside }) => (outside && there.has(path) ? [path] : []));
  const parts: string[] = [];
  let batch: Change[] = [];
  let size = 0;
  const flush = async () => {
    if (batch.length > 0) parts.push(await container.send(batch));
    batch = [];
    size = 0;
  };
  for (const push of pushes(container.base, notedOf(files), (path) => there.has(path))) {
    const change = await changeOf(push, notebook);
    if (!change) continue;
    batch.push(change);
    size += "data" in change ? change.data.length : 0;
    if (size > PART_BYTES) await flush();
  }
  await flush();
  return { parts, left, outside };
}

/** Undefined where the file went away meanwhile: the next command learns of it. */
async function changeOf(push: Push, notebook: Notebook): Promise<Change | undefined> {
  if (push.do === "remove") return { path: push.path };
  const file = await notebook.bytes(push.path);
  if (!file.ok) return undefined;
  const data = Buffer.from(file.bytes).toString("base64");
  return { path: push.path, sha: sha256(file.bytes), version: file.info.version, data };
}

/** In hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
