/** What of a model's text people see. */

/** What nobody sees; it may stand between any two letters of a tag. */
const UNSEEN = String.raw`[\p{Default_Ignorable_Code_Point}\p{Cf}]*`;
const GAP = String.raw`[\s\p{Default_Ignorable_Code_Point}\p{Cf}]*`;
const LETTERS = [..."internal"];
/** `<internal>`, also with attributes, spaces or its `>` still missing. `<internals>` and `<internal-x>` are other tags. */
const TAG = new RegExp(
  String.raw`<${GAP}(?:(/)${GAP})?${LETTERS.join(UNSEEN)}(?!${UNSEEN}[\w-])(?:[^<>]*>)?`,
  "giu",
);
/** Its name as far as it has come; after the last letter anything may follow. */
const PARTIAL_NAME = LETTERS.reduceRight(
  (rest, letter) => `(?:${letter}${rest ? UNSEEN + rest : "[^<>]*"})?`,
  "",
);
/** What may still become such a tag. */
const PARTIAL_TAG = new RegExp(`^<${GAP}(?:/${GAP})?${PARTIAL_NAME}$`, "iu");
const SILENT = /^[^\p{L}\p{N}]*(?:no(?:\\?_|-)?reply[^\p{L}\p{N}]*)+$/iu;
/** Models also write it as two words; in lower case those may be an answer. */
const SILENT_WORDS = /^[^\p{L}\p{N}]*NO REPLY[^\p{L}\p{N}]*$/u;
/** Without the marks that `mayBeToken` ignores. */
const TOKENS = ["noreply", "heartbeatok"];

/**
 * The text without `<internal>…</internal>`, trimmed. What follows an unclosed one is removed too, nested ones are
 * counted, and code fences are no shelter: showing too little is better than showing a note that was not meant.
 */
export function visible(text: string): string {
  return stripped(text).trim();
}

/** Removing a block may join its neighbours to a new tag, hence again until nothing changes. */
function stripped(text: string, settled = (part: string) => part): string {
  const before = settled(text);
  const after = strippedOnce(before);
  return after === before ? before : stripped(after, settled);
}

function strippedOnce(text: string): string {
  let shown = "";
  let depth = 0;
  let from = 0;
  for (const tag of text.matchAll(TAG)) {
    if (depth === 0) shown += text.slice(from, tag.index);
    depth = tag[1] ? Math.max(0, depth - 1) : depth + 1;
    from = tag.index + tag[0].length;
  }
  return depth === 0 ? shown + text.slice(from) : shown;
}

/** Whether nothing is to be sent: the whole answer is empty or NO_REPLY, whatever its case, markup and punctuation. */
export function isSilent(text: string): boolean {
  const shown = visible(text)
    .normalize("NFKC")
    .replace(/\p{Cf}/gu, "");
  return shown.trim() === "" || SILENT.test(shown) || SILENT_WORDS.test(shown);
}

/**
 * Lets a streamed answer through as far as it may be seen.
 * *Contract:* whatever comes later, `visible()` of the whole text starts with everything that was shown. Nothing is
 * shown of an answer that begins with NO_REPLY or HEARTBEAT_OK, or may still turn out to.
 */
export class StreamGate {
  #text = "";

  /** Takes the next piece, cut anywhere. */
  push(delta: string): void {
    this.#text += delta;
  }

  /** The text that may be shown now, trimmed. */
  visible(): string {
    const shown = stripped(this.#text, withoutPartialTag).replace(/[\uD800-\uDBFF]$/, "");
    return mayBeToken(shown) ? "" : shown.trim();
  }
}

/** Cuts off an end that may still become a tag, and again what that leaves: a removed tag joins its neighbours. */
function withoutPartialTag(text: string): string {
  let end = text.length;
  for (;;) {
    const open = text.slice(0, end).lastIndexOf("<");
    if (open < 0 || !PARTIAL_TAG.test(text.slice(open, end))) return text.slice(0, end);
    end = open;
  }
}

function mayBeToken(shown: string): boolean {
  const plain = shown.normalize("NFKC").replace(/^[^\p{L}\p{N}]+/u, "");
  const start = plain.replace(/[\s\\_-]|\p{Cf}/gu, "").toLowerCase();
  return TOKENS.some((token) => token.startsWith(start) || start.startsWith(token));
}
