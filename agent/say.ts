/** What the model wrote, and what of it people see. */

const INTERNAL = "<internal>";

const TOKENS = ["NO_REPLY", "HEARTBEAT_OK"];

/** The text without `<internal>…</internal>`, wherever it stands, and without what follows an unclosed one. */
export function visible(text: string): string {
  return text.replace(/<internal>[\s\S]*?(?:<\/internal>|$)/gi, "");
}

/** Whether an answer is no answer: empty, or nothing but NO_REPLY in any dress. */
export function isSilent(text: string): boolean {
  const bare = bareWord(visible(text));
  return bare === "" || bare === "NO_REPLY";
}

/** Upper case, without the markup and punctuation around it. */
function bareWord(text: string): string {
  return text.toUpperCase().replace(/^[\s\p{P}\p{S}]+|[\s\p{P}\p{S}]+$/gu, "");
}

/**
 * The part of a growing answer that may be shown: never a silent token or a part of one, never something internal or
 * the beginning of its tag. Whatever it showed, the final visible text begins with.
 */
export class StreamGate {
  #raw = "";

  push(delta: string): void {
    this.#raw += delta;
  }

  visible(): string {
    const text = withoutOpenTag(visible(this.#raw));
    return mayBeToken(text) ? "" : text;
  }
}

/** Holds back an end that may become `<internal>`. A tag that is open already was cut by `visible`. */
function withoutOpenTag(text: string): string {
  const tail = text.slice(-INTERNAL.length + 1);
  for (let start = 0; start < tail.length; start++) {
    if (INTERNAL.startsWith(tail.slice(start).toLowerCase())) return text.slice(0, text.length - tail.length + start);
  }
  return text;
}

/** Whether the whole text so far may still turn out to be one of the silent tokens. */
function mayBeToken(text: string): boolean {
  const bare = bareWord(text);
  return TOKENS.some((token) => token.startsWith(bare));
}

