import { type FileInfo, HOME } from "./notebook.ts";

/** Names there are the host's own. */
export const KEPT_IN = `${HOME}/.output`;

/** Whether a name right below a folder stands there by files from outside alone. These are files below that folder. */
export function hasOutsideNames(files: readonly FileInfo[], folder: string): boolean {
  const named = Map.groupBy(files, ({ path }) => path.slice(folder.length + 1).split("/", 1)[0]);
  return [...named].some(
    ([name, below]) => `${folder}/${name}` !== KEPT_IN && below.every(({ outside }) => outside),
  );
}
