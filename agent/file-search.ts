import type { FileInfo, Match, Pattern } from "./notebook.ts";

/** Where texts are. */
interface Texts {
  list(folder: string): FileInfo[];
  text(path: string): string | undefined;
}

/** The first lines that match, by path; lines count from 1. One text is in memory at a time. */
export async function search(
  texts: Texts,
  pattern: Pattern,
  folder: string,
  limit: number,
): Promise<Match[]> {
  const found: Match[] = [];
  for (const { path, outside } of texts.list(folder)) {
    const text = texts.text(path);
    if (text === undefined) continue;
    for (const [index, line] of text.split(/\r?\n/).entries()) {
      await pattern.rest?.();
      if (!pattern.test(line)) continue;
      if (found.length >= limit) return found;
      found.push({ path, line: index + 1, text: line, ...(outside && { outside }) });
    }
  }
  return found;
}
