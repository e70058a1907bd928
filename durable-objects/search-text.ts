/** Scripts that are written without spaces between words: their text is indexed in pairs of characters. */
const RUN =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;

/** Text as the full-text index stores it: words as they are, runs without spaces as overlapping pairs. */
export function indexed(text: string): string {
  return text.normalize("NFKC").replace(RUN, (run) => ` ${pairs(run).join(" ")} `);
}

/**
 * A query in the index's own language, every term quoted, so that no character of the question is syntax.
 * Answers undefined when the question has nothing to look for.
 */
export function matchExpression(query: string): string | undefined {
  const text = query.normalize("NFKC");
  const runs = (text.match(RUN) ?? []).map(
    (run) => `"${pairs(run).join(" ")}"${run.length === 1 ? "*" : ""}`,
  );
  const words = (text.replace(RUN, " ").match(WORD) ?? []).map((word) => `"${word}"`);
  const terms = [...runs, ...words].slice(0, 20);
  return terms.length > 0 ? terms.join(" OR ") : undefined;
}

/** The plain terms of a query, for text that is not in the index. */
export function termsOf(query: string): string[] {
  const text = query.normalize("NFKC").toLowerCase();
  return [...(text.match(RUN) ?? []), ...(text.replace(RUN, " ").match(WORD) ?? [])].slice(0, 20);
}

function pairs(run: string): string[] {
  const characters = [...run];
  if (characters.length === 1) return characters;
  return characters.slice(0, -1).map((character, index) => character + characters[index + 1]);
}
