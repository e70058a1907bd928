import * as z from "zod";
import { describeFileError, type FileInfo, type Notebook } from "../notebook.ts";
import { hasOutsideNames } from "../outside-names.ts";
import { resolvePath } from "../paths.ts";
import { defineTool, ToolError } from "./tool.ts";

const MOST = 500;

export const listDir = defineTool({
  name: "list_dir",
  description: "List a folder.",
  schema: z.object({ path: z.string().default(".") }),
  risk: "read",
  async run({ path }, { notebook, outside }) {
    if (/^\/+(workspace\/*)?$/.test(path)) return folders(notebook.roots().map((root) => root.path));
    const place = resolvePath(path);
    if (!place.ok) throw new ToolError(describeFileError(place));
    const files = notebook.list(place.absolute);
    if (files.length === 0) return emptyOrFile(notebook, place.absolute);
    if (hasOutsideNames(files, place.absolute)) outside();
    const entries = children(files, place.absolute);
    const more = entries.length > MOST ? `\n[${entries.length - MOST} more; use glob to narrow]` : "";
    return entries.slice(0, MOST).join("\n") + more + cut(notebook, place.absolute);
  },
});

async function emptyOrFile(notebook: Notebook, path: string): Promise<string> {
  const mounts = notebook.roots().filter((root) => root.path.startsWith(`${path}/`));
  if (mounts.length > 0) return folders(mounts.map((root) => root.path));
  const file = await notebook.bytes(path);
  if (file.ok) throw new ToolError(`${path} is a file of ${file.info.size} bytes. Use read_file.`);
  if (file.error === "is-directory") return "(empty)";
  throw new ToolError(describeFileError(file));
}

function folders(paths: string[]): string {
  return paths.map((path) => `${path}/`).join("\n");
}

/** Says of a mount that it shows only its first files. */
function cut(notebook: Notebook, path: string): string {
  const root = notebook.roots().find((other) => path === other.path || path.startsWith(`${other.path}/`));
  return root?.cut ? `\n[${root.path} has more files than are shown]` : "";
}

/** The names right below a folder: folders with a slash and the number of their files, files with their size. */
function children(files: FileInfo[], folder: string): string[] {
  const folders = new Map<string, number>();
  const names: string[] = [];
  for (const { path, size } of files) {
    const [name = "", ...deeper] = path.slice(folder.length + 1).split("/");
    if (deeper.length === 0) names.push(`${name} (${size} bytes)`);
    else folders.set(name, (folders.get(name) ?? 0) + 1);
  }
  return [
    ...[...folders].map(([name, count]) => `${name}/ (${count} ${count === 1 ? "file" : "files"})`),
    ...names,
  ];
}
