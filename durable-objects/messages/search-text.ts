/** Scripts that are written without spaces between words, or with few: their text is indexed in pairs of characters. */
const RUN =
  /[[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Hang}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]&&[\p{L}\p{M}\p{Nl}]]+/gv;
const WORD = /[\p{L}\p{N}\p{M}]+/gu;
/** A flag is two letters; the parts of other emoji stand alone, so that 👍 finds 👍🏽. */
const EMOJI = /\p{RI}\p{RI}|\p{Extended_Pictographic}/gu;
/** Marks that people leave out: accents, Hebrew points, Arabic vowels and lengthening. Elsewhere marks are letters. */
const OPTIONAL_MARKS =
  /[\u0300-\u036F\u0483-\u0487\u0591-\u05BD\u05BF\u05C1\u05C2\u05C4\u05C5\u05C7\u0610-\u061A\u0640\u064B-\u065F\u0670\u06D6-\u06DC\u06DF-\u06E8\u06EA-\u06ED]|\p{Cf}|[\uFE0E\uFE0F]/gu;
/** Letters that SQLite's tokenizer surely takes for letters: its tables are old, and marks end a word for it. */
const KNOWN =
  /^[0-9a-z\u00DF-\u024F\u03B1-\u03C9\u0430-\u045F\u05D0-\u05EA\u0621-\u063A\u0641-\u064A\u3041-\u3096\u30A1-\u30FA\u30FC\u4E00-\u9FA5\uAC00-\uD7A3]+$/;
/** Terms of one query. */
const TERMS = 24;

/**
 * Text as the full-text index stores it: words without case and optional marks, runs
 * as overlapping pairs, emoji as words.
 */
export function indexed(text: string): string {
  const spaced = folded(text).replace(RUN, (run) => ` ${pairs(run).join(" ")} ${[...run].at(-1)} `);
  return (spaced.match(WORD) ?? []).map(token).join(" ");
}

/**
 * A query in the index's own language, every term quoted, so that no character of the question is syntax. Whole words
 * and runs come before the pairs of a run, which find a part of it.
 * Answers undefined when the question has nothing to look for.
 */
export function matchExpression(query: string): string | undefined {
  const { words, runs } = termsOf(query);
  const phrases = runs.map((run) => `"${pairs(run).map(token).join(" ")}"${isSingle(run) ? "*" : ""}`);
  const parts = runs.filter((run) => !isSingle(run)).flatMap(pairs);
  const single = [...words, ...parts].map((word) => `"${token(word)}"`);
  const terms = [...new Set([...phrases, ...single])].slice(0, TERMS);
  return terms.length > 0 ? terms.join(" OR ") : undefined;
}

/** Says how many terms of a query a text holds, for text that is not in the index. */
export function scorer(query: string): (text: string) => number {
  const { words, runs } = termsOf(query);
  const parts = [...new Set(runs.flatMap(pairs))].slice(0, TERMS);
  return (text) => {
    const plain = folded(text);
    const known = new Set(plain.replace(RUN, " ").match(WORD));
    return (
      words.filter((word) => known.has(word)).length + parts.filter((part) => plain.includes(part)).length
    );
  };
}

function termsOf(query: string): { words: string[]; runs: string[] } {
  const plain = folded(query);
  const words = plain.replace(RUN, " ").match(WORD) ?? [];
  return { words: words.slice(0, TERMS), runs: plain.match(RUN) ?? [] };
}

/** One spelling for what people write in several: width, case, accents, points, composition. */
function folded(text: string): string {
  const plain = text.normalize("NFKC").toUpperCase().toLowerCase().normalize("NFKD");
  return plain.replace(OPTIONAL_MARKS, "").normalize("NFC").replace(EMOJI, wordOf);
}

/** A word as SQLite cannot misread it. */
function token(word: string): string {
  return KNOWN.test(word) ? word : `x${hex(word)}`;
}

function hex(text: string): string {
  return [...text].map((character) => character.codePointAt(0)!.toString(16)).join("");
}

function wordOf(emoji: string): string {
  return ` emoji${hex(emoji)} `;
}

function isSingle(run: string): boolean {
  return [...run].length === 1;
}

function pairs(run: string): string[] {
  const characters = [...run];
  if (characters.length === 1) return characters;
  return characters.slice(0, -1).map((character, index) => character + characters[index + 1]);
}
