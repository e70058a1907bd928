/** The blocks of a prompt: files, people's messages, what came earlier, a conversation to sum up, a task. */
const NAMES = ["file", "messages", "earlier", "conversation", "task"];
/** What nobody sees and what a reader skips: it may stand between any two letters of a mark. */
const UNSEEN = String.raw`[\p{Default_Ignorable_Code_Point}\p{Cf}]*`;
const GAP = String.raw`[\s\p{Default_Ignorable_Code_Point}\p{Cf}]*`;
const NAME = NAMES.map((name) => [...name].map(letter).join(UNSEEN)).join("|");
const BLOCKS = new RegExp(
  String.raw`[<\uFF1C\uFE64](?=${GAP}(?:[/\uFF0F]${GAP})?(?:${NAME})(?![\p{L}\p{N}_]))`,
  "giu",
);

/** A text in which none of the prompt's blocks can begin or end, however its mark is written. */
export function unmarked(text: string): string {
  return text.replace(BLOCKS, "&lt;");
}

/** A letter in either width. */
function letter(plain: string): string {
  return `[${plain}${String.fromCodePoint(plain.codePointAt(0)! + 0xfee0)}]`;
}
