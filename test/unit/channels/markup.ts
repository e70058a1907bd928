/** A strict reader of Telegram's HTML, made for tests: says what Telegram would object to. */

const KNOWN = /^<(\/?)(b|i|u|s|tg-spoiler|code|pre|blockquote|a)((?: [a-z]+="[^"<>]*")?)>/;
const ENTITY = /^&(?:lt|gt|amp|quot);/;

/** The visible text of Telegram HTML. Throws on unknown tags, unbalanced tags, stray `<`, `>`, `&`. */
export function visibleText(html: string): string {
  const open: string[] = [];
  let out = "";
  for (let rest = html; rest !== ""; ) {
    const tag = KNOWN.exec(rest);
    const entity = ENTITY.exec(rest);
    if (tag) {
      if (!tag[1]) open.push(tag[2]!);
      else if (open.pop() !== tag[2]) throw new Error(`unbalanced ${tag[0]} in ${html}`);
    } else if (!entity && /^[<>&]/.test(rest)) throw new Error(`not escaped: ${rest.slice(0, 20)}`);
    if (entity) out += { "&lt;": "<", "&gt;": ">", "&amp;": "&", "&quot;": '"' }[entity[0]];
    else if (!tag) out += rest[0];
    rest = rest.slice((tag ?? entity)?.[0].length ?? 1);
  }
  if (open.length > 0) throw new Error(`left open: ${open.join(", ")} in ${html}`);
  return out;
}

/** Letters and digits only, for "nothing was lost" whatever the white space and markup. */
export function letters(text: string): string {
  return text.replace(/[^\p{L}\p{N}]/gu, "");
}
