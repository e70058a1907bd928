import type { Budget } from "./budget.ts";
import type { PdfDocument } from "./document.ts";
import { type Font, readFont } from "./fonts.ts";
import { IDENTITY, type Layout, type Matrix, times } from "./layout.ts";
import { type Dict, find, isDict, isStream, isText, nameOf, opOf, Reader, type Value } from "./objects.ts";

/** Forms within forms. */
const DEEPEST = 8;
/** Values before an operator: a colour of 32 parts needs most. ISO 32000-1, annex C. */
const MOST_OPERANDS = 40;
/** What reading a font costs beside its map. */
const FONT = 500;

interface State {
  matrix: Matrix;
  font: Font | undefined;
  size: number;
  /** Space after each character and each word, in units of text. */
  character: number;
  word: number;
  stretch: number;
  leading: number;
}

/** Follows a page's operators and gives the text that they show to a layout. ISO 32000-1, 9.4. */
export class Content {
  readonly #document: PdfDocument;
  readonly #layout: Layout;
  readonly #budget: Budget;
  readonly #fonts: Map<Dict, Font>;
  #state: State = {
    matrix: IDENTITY,
    font: undefined,
    size: 1,
    character: 0,
    word: 0,
    stretch: 1,
    leading: 0,
  };
  #kept: State[] = [];
  #line: Matrix = IDENTITY;
  #at: Matrix = IDENTITY;

  /** @param fonts those of the document that were read before; its own are added */
  constructor(document: PdfDocument, layout: Layout, budget: Budget, fonts: Map<Dict, Font>) {
    this.#document = document;
    this.#layout = layout;
    this.#budget = budget;
    this.#fonts = fonts;
  }

  /** Throws `BudgetSpent`; what was shown before stays in the layout. */
  async run(bytes: Uint8Array, resources: Dict, depth = 0): Promise<void> {
    const reader = new Reader(bytes, this.#budget);
    let values: Value[] = [];
    for (let value = reader.next(); value !== undefined && !this.#layout.isFull; value = reader.next()) {
      if (this.#budget.isDue) await this.#budget.rest();
      const op = opOf(value);
      if (op === undefined) {
        if (values.length < MOST_OPERANDS) values.push(value);
        continue;
      }
      if (op === "BI") skipPicture(reader);
      else if (op === "Tf") this.#setFont(values, resources);
      else if (op === "Do") await this.#draw(values, resources, depth);
      else this.#do(op, values);
      values = [];
    }
  }

  #do(op: string, values: Value[]): void {
    const numbers = values.map((value) => (typeof value === "number" ? value : 0));
    const [first = 0, second = 0] = numbers;
    const state = this.#state;
    switch (op) {
      case "q":
        if (this.#kept.length < 256) this.#kept.push({ ...state });
        break;
      case "Q":
        this.#state = this.#kept.pop() ?? state;
        break;
      case "cm":
        state.matrix = times(matrixOf(numbers), state.matrix);
        break;
      case "BT":
        this.#startLine(IDENTITY);
        break;
      case "Tm":
        this.#startLine(matrixOf(numbers));
        break;
      case "Td":
        this.#moveLine(first, second);
        break;
      case "TD":
        state.leading = -second;
        this.#moveLine(first, second);
        break;
      case "T*":
        this.#moveLine(0, -state.leading);
        break;
      case "Tc":
        state.character = first;
        break;
      case "Tw":
        state.word = first;
        break;
      case "Tz":
        state.stretch = first / 100;
        break;
      case "TL":
        state.leading = first;
        break;
      case "Tj":
        this.#show(values[0]);
        break;
      case "TJ":
        this.#showAll(values[0]);
        break;
      case "'":
        this.#moveLine(0, -state.leading);
        this.#show(values[0]);
        break;
      case '"':
        [state.word, state.character] = [first, second];
        this.#moveLine(0, -state.leading);
        this.#show(values[2]);
        break;
    }
  }

  #startLine(matrix: Matrix): void {
    this.#line = matrix;
    this.#at = matrix;
  }

  #moveLine(x: number, y: number): void {
    this.#startLine(times([1, 0, 0, 1, x, y], this.#line));
  }

  #showAll(value: Value | undefined): void {
    for (const part of Array.isArray(value) ? value : [])
      if (typeof part === "number") this.#advance((-part / 1000) * this.#state.size * this.#state.stretch);
      else this.#show(part);
  }

  #show(value: Value | undefined): void {
    const { font, size, character, word, stretch } = this.#state;
    if (!isText(value) || !font) return;
    const from = this.#place();
    let text = "";
    this.#budget.takeValues(value.text.length);
    for (const glyph of font.glyphs(value.text)) {
      text += glyph.text;
      this.#advance(((glyph.width / 1000) * size + character + (glyph.isSpace ? word : 0)) * stretch);
    }
    const { matrix } = from;
    this.#layout.add(text, from, this.#place(), Math.hypot(matrix[2], matrix[3]) * Math.abs(size));
  }

  #advance(x: number): void {
    this.#at = times([1, 0, 0, 1, x, 0], this.#at);
  }

  /** Where the next letter stands on the page. Text that runs upwards is turned to run to the right. */
  #place(): { x: number; y: number; matrix: Matrix } {
    const matrix = times(this.#at, this.#state.matrix);
    const [a, b, , , e, f] = matrix;
    const length = Math.hypot(a, b) || 1;
    return { x: (e * a + f * b) / length, y: (f * a - e * b) / length, matrix };
  }

  #setFont([name, size]: Value[], resources: Dict): void {
    this.#state.size = typeof size === "number" ? size : 1;
    const fonts = this.#document.dict(resources, "Font");
    const dict = this.#document.resolve(fonts.get(nameOf(name) ?? ""));
    if (!isDict(dict)) return;
    if (!this.#fonts.has(dict)) this.#fonts.set(dict, this.#read(dict));
    this.#state.font = this.#fonts.get(dict);
  }

  #read(font: Dict): Font {
    this.#budget.takeValues(FONT);
    return readFont(this.#document, font, this.#budget);
  }

  /** A form is a page within the page. */
  async #draw([name]: Value[], resources: Dict, depth: number): Promise<void> {
    const forms = this.#document.dict(resources, "XObject");
    const form = this.#document.resolve(forms.get(nameOf(name) ?? ""));
    if (!isStream(form) || nameOf(form.dict.get("Subtype")) !== "Form" || depth >= DEEPEST) return;
    const bytes = this.#document.decode(form, this.#budget);
    if (!bytes) return;
    const [before, kept] = [{ ...this.#state }, this.#kept];
    const matrix = this.#document.resolve(form.dict.get("Matrix"));
    if (Array.isArray(matrix)) this.#do("cm", matrix);
    this.#kept = [];
    const own = this.#document.dict(form.dict, "Resources");
    await this.run(bytes, own.size > 0 ? own : resources, depth + 1);
    [this.#state, this.#kept] = [before, kept];
  }
}

function matrixOf(numbers: number[]): Matrix {
  return [0, 1, 2, 3, 4, 5].map((index) => numbers[index] ?? 0) as Matrix;
}

/** A picture's bytes stand between its operators; no word in them counts. */
function skipPicture(reader: Reader): void {
  const data = find(reader.bytes, "ID", reader.at);
  for (
    let end = data < 0 ? -1 : find(reader.bytes, "EI", data + 2);
    end >= 0;
    end = find(reader.bytes, "EI", end + 2)
  ) {
    const around = [reader.bytes[end - 1], reader.bytes[end + 2] ?? 32];
    if (!around.every((byte) => byte === 32 || byte === 10 || byte === 13 || byte === 9)) continue;
    reader.at = end + 2;
    return;
  }
  reader.at = reader.bytes.length;
}
