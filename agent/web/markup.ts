/** Looks at HTML without taking it apart: in one pass, so that no page, however it is made, takes long. */

/** Elements whose insides are no text of the page. */
const UNREAD = /<(script|style|template|noscript|svg|iframe|canvas)[\s/>]|<!--/gi;
/** Elements that need no end, or whose end may be left out: they make nothing deeper. */
const SHALLOW = new Set(
  "area base br col embed hr img input link meta param source track wbr p li td th tr dt dd option colgroup thead tbody tfoot".split(
    " ",
  ),
);
const BREAKS =
  /^(p|div|section|article|header|footer|main|h[1-6]|li|ul|ol|dl|dt|dd|table|tr|pre|blockquote|br|hr)$/;

/** The markup without scripts, styles, pictures in code and comments. What is not closed goes to the end. */
export function withoutUnread(html: string): string {
  const lower = html.toLowerCase();
  const open = new RegExp(UNREAD);
  let kept = "";
  let from = 0;
  for (let match = open.exec(html); match; match = open.exec(html)) {
    kept += html.slice(from, match.index);
    from = endOf(lower, match[1]?.toLowerCase(), match.index);
    open.lastIndex = from;
  }
  return kept + html.slice(from);
}

function endOf(lower: string, name: string | undefined, from: number): number {
  const mark = name ? `</${name}` : "-->";
  const at = lower.indexOf(mark, from);
  const end = at < 0 ? -1 : lower.indexOf(">", at);
  return end < 0 ? lower.length : end + 1;
}

/** How many elements there are, and about how deep they stand in each other. */
export function weigh(html: string): { elements: number; depth: number } {
  const tags = /<(\/?)([a-z][a-z0-9-]*)/gi;
  let [elements, depth, deepest] = [0, 0, 0];
  for (let tag = tags.exec(html); tag; tag = tags.exec(html)) {
    if (!tag[1]) elements++;
    if (SHALLOW.has(tag[2]!.toLowerCase())) continue;
    depth = tag[1] ? Math.max(0, depth - 1) : depth + 1;
    deepest = Math.max(deepest, depth);
  }
  return { elements, depth: deepest };
}

/** The text alone, in lines. */
export function roughText(html: string): string {
  let text = "";
  let from = 0;
  for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", from)) {
    text += html.slice(from, at);
    const end = html.indexOf(">", at);
    if (end < 0) return tidy(text);
    const name = /^<\/?([a-z][a-z0-9]*)/i.exec(html.slice(at, at + 20))?.[1]?.toLowerCase();
    text += name && BREAKS.test(name) ? "\n" : " ";
    from = end + 1;
  }
  return tidy(text + html.slice(from));
}

const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: " " };

function tidy(text: string): string {
  return text
    .replace(/&(?:#(\d{1,7})|#x([\da-f]{1,6})|(amp|lt|gt|quot|apos|nbsp));/gi, (_, decimal, hex, name) =>
      name ? ENTITIES[name.toLowerCase()]! : signOf(Number.parseInt(decimal ?? hex, decimal ? 10 : 16)),
    )
    .replace(/[^\S\n]+/g, " ")
    .replace(/ ?\n[\n ]*/g, "\n")
    .trim();
}

function signOf(code: number): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : "";
}
