import { type FileInfo, type Match, matchesIn, type Pattern } from "../../agent/notebook.ts";

/** Where texts are. */
interface Texts {
  list(folder: string): FileInfo[];
  text(path: string): string | undefined;
}

/** The first lines that match, by path. One text is in memory at a time, and others have their turn between two. */
export async function search(
  texts: Texts,
  pattern: Pattern,
  folder: string,
  limit: number,
): Promise<Match[]> {
  const found: Match[] = [];
  for (const { path, outside } of texts.list(folder)) {
    for (const match of matchesIn(path, texts.text(path) ?? "", pattern)) {
      if (found.length >= limit) return found;
      found.push({ ...match, ...(outside && { outside }) });
    }
    await pattern.rest?.();
  }
  return found;
}
