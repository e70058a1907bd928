/** Looks at HTML without taking it apart: in one pass, so that no page, however it is made, takes long. */

/** Elements whose insides are no text of the page. */
const UNREAD = /<(script|style|template|noscript|svg|iframe|canvas)[\s/>]|<!--/gi;
/** Attributes, or classes, that cost as much as an element. */
const ATTRIBUTES = 20;
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

/** About how many elements there are, their attributes counted in. */
export function weigh(html: string): number {
  const tags = html.match(/<[a-z][^>]*/gi) ?? [];
  return tags.reduce((sum, tag) => sum + 1 + (tag.match(/\s[^\s]/g)?.length ?? 0) / ATTRIBUTES, 0);
}

interface Node {
  firstElementChild: Node | null;
  nextElementSibling: Node | null;
  parentElement: Node | null;
}

/** How many elements stand in each other, as the parser has them: one without an end may hold all that follows. */
export function depthOf(page: Node): number {
  let [depth, deepest] = [1, 0];
  for (let node = page.firstElementChild; node; node = node?.nextElementSibling ?? null) {
    for (; node.firstElementChild; node = node.firstElementChild) depth++;
    deepest = Math.max(deepest, depth);
    for (; node && !node.nextElementSibling; node = node.parentElement) depth--;
  }
  return deepest;
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
