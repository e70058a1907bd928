/** A place and a scale: ISO 32000-1, 8.3.3. */
export type Matrix = [a: number, b: number, c: number, d: number, e: number, f: number];

export const IDENTITY: Matrix = [1, 0, 0, 1, 0, 0];

/** `first`, then `second`. */
export function times(first: Matrix, second: Matrix): Matrix {
  const [a, b, c, d, e, f] = first;
  const [g, h, i, j, k, l] = second;
  return [a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + l];
}

/** Letters that are set as one, also where fonts keep them among their private characters. */
const LIGATURES = /[\uf001\uf002\ufb00-\ufb06]/g;

function apart(sign: string): string {
  if (sign === "\uf001") return "fi";
  return sign === "\uf002" ? "fl" : sign.normalize("NFKC");
}

/** Puts pieces of text, in the order in which they are drawn, into lines, words and paragraphs by where they stand. */
export class Layout {
  readonly #longest: number;
  #pieces: string[] = [];
  #length = 0;
  #end: { x: number; y: number; size: number } | undefined;

  /** @param longest characters from which on it is full */
  constructor(longest: number) {
    this.#longest = longest;
  }

  /** A piece that begins and ends here; `size` is the height of its letters there. */
  add(text: string, from: { x: number; y: number }, to: { x: number; y: number }, size: number): void {
    if (!text) return;
    const piece = this.#gap(from, size) + text;
    this.#pieces.push(piece);
    this.#length += piece.length;
    this.#end = { ...to, size };
  }

  get isFull(): boolean {
    return this.#length > this.#longest;
  }

  text(): string {
    return this.#pieces
      .join("")
      .replace(LIGATURES, apart)
      .split("\n")
      .map((line) => line.replace(/[^\S\n]+/g, " ").trim())
      .join("\n")
      .replace(/\n{3,}/g, "\n\n")
      .trim();
  }

  #gap({ x, y }: { x: number; y: number }, size: number): string {
    const end = this.#end;
    if (!end) return "";
    const height = Math.max(size, end.size, 0.001);
    const down = Math.abs(y - end.y);
    if (down > height * 1.9) return "\n\n";
    if (down > height * 0.5) return "\n";
    const isApart = x - end.x > height * 0.18 || x < end.x - height;
    return isApart && !this.#pieces.at(-1)?.endsWith(" ") ? " " : "";
  }
}
