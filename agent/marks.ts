/** The blocks of a prompt: files, people's messages, what came earlier, and a conversation that is to be summed up. */
const BLOCKS = /<(?=\s*\/?\s*(?:file|messages|earlier|conversation|task)\b)/gi;

/** A text in which none of the prompt's blocks can begin or end. */
export function unmarked(text: string): string {
  return text.replace(BLOCKS, "&lt;");
}
