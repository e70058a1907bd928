import { transliterate } from "transliteration";
import { parseAddress } from "../../channels/channel.ts";

const LONGEST = 63;
const WORD = /[\p{L}\p{M}\p{N}_]+/gu;
/** `main` and `cli` are the folders of the two consoles; `global` is everybody's. */
const RESERVED = new Set(["global", "main", "cli"]);

/**
 * Names for a chat's folder, best first, without end: the title in Latin letters, then with the chat's id, then counted.
 * Each fits `[a-z0-9][a-z0-9_-]{0,62}`.
 */
export function* folderNames(title: string | undefined, address: string): Generator<string> {
  const { channel, chatId } = parseAddress(address);
  const id = slug(chatId, LONGEST);
  const base = slug(title ?? "", LONGEST) || join(slug(channel, 20) || "chat", id);
  if (!RESERVED.has(base)) yield base;
  const named = join(base, id.slice(-16));
  yield named;
  for (let n = 2; ; n++) yield join(named, String(n));
}

/** Cuts the first part so that both fit. */
function join(first: string, second: string): string {
  if (second === "") return first;
  return `${first.slice(0, LONGEST - 1 - second.length)}-${second}`;
}

/** Word by word, since some letters become an apostrophe or another sign, which is no gap. */
function slug(text: string, longest: number): string {
  // Cut before and after: a title may be long, and one character may become several letters.
  const words = text.slice(0, 200).normalize("NFKC").match(WORD) ?? [];
  const plain = words.map((word) =>
    transliterate(word)
      .toLowerCase()
      .replace(/[^a-z0-9_\s]/g, ""),
  );
  return plain
    .flatMap((word) => word.split(/\s+/))
    .filter(Boolean)
    .join("-")
    .slice(0, longest)
    .replace(/^[-_]+|[-_]+$/g, "");
}
