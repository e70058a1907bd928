import { isRemembered } from "../../agent/memory.ts";
import type { Recalled } from "../../agent/tools/tool.ts";
import { scorer } from "../messages/search-text.ts";
import type { Parts } from "../parts.ts";

/** Characters of a long text that are shown, and how far the windows over it are apart. */
const EXCERPT = 480;
const STEP = 240;

type Found = Recalled & { score: number };

/**
 * What was said and remembered that fits a query, best first: lines of memory and of summaries, at most half of the
 * answer where the chat has something too, then the chat's own words, from every session.
 */
export function recall(parts: Parts, query: string, limit: number): Recalled[] {
  const score = scorer(query);
  const said = parts.transcript.search(query, limit);
  const lines = [...memoryLines(parts), ...summaryLines(parts)].map((line) => ({
    ...line,
    score: score(line.text),
  }));
  const found = lines.filter((line) => line.score > 0).sort((a, b) => b.score - a.score);
  const room = Math.max(limit - said.length, Math.floor(limit / 2));
  const remembered = found.slice(0, room).map(({ score: _, ...line }: Found): Recalled => line);
  const all = [...remembered, ...said].slice(0, limit);
  return all.map((hit) => ({ ...hit, text: excerpt(hit.text, score) }));
}

function* memoryLines(parts: Parts): Generator<Recalled> {
  for (const { path, outside } of parts.workspace.list("/workspace")) {
    const text = isRemembered(path) ? parts.workspace.text(path) : undefined;
    for (const line of text?.split(/\r?\n/) ?? [])
      yield { at: 0, who: "memory", text: line, source: path, ...(outside ? { outside } : {}) };
  }
}

function* summaryLines(parts: Parts): Generator<Recalled> {
  for (const { summary, outside } of parts.transcript.summaries()) {
    for (const text of summary.split(/\r?\n/))
      yield {
        at: 0,
        who: "summary",
        text,
        source: "summary of an earlier conversation",
        ...(outside ? { outside } : {}),
      };
  }
}

/** The part of a long text that fits best. */
function excerpt(text: string, score: (text: string) => number): string {
  if (text.length <= EXCERPT) return text;
  const starts = Array.from({ length: Math.ceil(text.length / STEP) }, (_, index) => index * STEP);
  const scores = starts.map((start) => score(text.slice(start, start + EXCERPT)));
  const start = starts[scores.indexOf(Math.max(...scores))]!;
  const part = text.slice(start, start + EXCERPT).toWellFormed();
  return `${start > 0 ? "…" : ""}${part}${start + EXCERPT < text.length ? "…" : ""}`;
}
