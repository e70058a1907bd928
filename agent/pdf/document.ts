import { Budget, BudgetSpent } from "./budget.ts";
import { decodeStream } from "./filters.ts";
import {
  type Dict,
  find,
  isDict,
  isStream,
  latin,
  nameOf,
  opOf,
  Reader,
  type Stream,
  type Value,
} from "./objects.ts";

/** More pages than that are not looked at. */
const MOST_PAGES = 2_000;
/** Folders of pages within each other. */
const DEEPEST = 100;
/** What finding all objects may cost. */
const BYTES = 24 * 1024 * 1024;
const VALUES = 1_000_000;

/** A page and what it inherits. */
export interface Page {
  dict: Dict;
  resources: Dict;
}

/**
 * A PDF's objects. They are found by looking through the whole file, not by its tables: so files whose tables are
 * broken or cut off can be read as well. Where an object stands twice, the later one counts.
 */
export class PdfDocument {
  readonly #objects = new Map<number, Value>();
  readonly #trailer: Dict = new Map();
  readonly #budget: Budget;

  private constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Reads as many objects as one document may have. Throws the signal's reason where that is aborted. */
  static async read(bytes: Uint8Array, signal?: AbortSignal): Promise<PdfDocument> {
    const document = new PdfDocument(new Budget(BYTES, VALUES, signal));
    try {
      for (const stream of await document.#scan(bytes)) await document.#unpack(stream);
    } catch (error) {
      if (!(error instanceof BudgetSpent)) throw error;
    }
    return document;
  }

  /** Whether there are more objects than were read. */
  get isCut(): boolean {
    return this.#budget.isSpent;
  }

  /** Whether a password, perhaps an empty one, is needed. */
  get encrypted(): boolean {
    return this.#trailer.has("Encrypt");
  }

  /** Follows references. */
  readonly resolve = (value: Value | undefined): Value | undefined => {
    let found = value;
    for (let steps = 0; steps < 8 && typeof found === "object" && found !== null && "ref" in found; steps++)
      found = this.#objects.get(found.ref);
    return found;
  };

  /** A dictionary's entry as a dictionary; a stream's own, where it is one. */
  dict(from: Dict, key: string): Dict {
    const value = this.resolve(from.get(key));
    if (isStream(value)) return value.dict;
    return isDict(value) ? value : new Map();
  }

  /** Throws `BudgetSpent`. Undefined where a filter is not for text. */
  decode(stream: Stream, budget: Budget): Uint8Array | undefined {
    return decodeStream(stream.bytes, stream.dict, this.resolve, (count) => budget.takeBytes(count));
  }

  pages(): Page[] {
    const pages: Page[] = [];
    this.#collect(this.dict(this.#root(), "Pages"), new Map(), pages, new Set());
    return pages;
  }

  #root(): Dict {
    const root = this.dict(this.#trailer, "Root");
    if (root.has("Pages")) return root;
    const catalog = [...this.#objects.values()]
      .filter(isDict)
      .find((dict) => nameOf(dict.get("Type")) === "Catalog");
    return catalog ?? root;
  }

  #collect(node: Dict, inherited: Dict, pages: Page[], seen: Set<Dict>, depth = 0): void {
    if (seen.has(node) || pages.length >= MOST_PAGES || depth > DEEPEST) return;
    seen.add(node);
    const own = this.dict(node, "Resources");
    const resources = own.size > 0 ? own : inherited;
    const kids = this.resolve(node.get("Kids"));
    if (!Array.isArray(kids)) {
      if (node.size > 0) pages.push({ dict: node, resources });
      return;
    }
    for (const kid of kids) {
      const child = this.resolve(kid);
      if (isDict(child)) this.#collect(child, resources, pages, seen, depth + 1);
    }
  }

  /** Notes every `n g obj` and every trailer; gives the streams that hold more objects. */
  async #scan(bytes: Uint8Array): Promise<Stream[]> {
    const packed: Stream[] = [];
    for (let at = find(bytes, "obj", 0); at >= 0; ) {
      if (this.#budget.isDue) await this.#budget.rest();
      this.#budget.takeValues();
      const head = /(\d+)\s+\d+\s+$/.exec(latin(bytes.subarray(Math.max(0, at - 24), at)));
      const reader = new Reader(bytes, this.#budget, at + 3);
      if (head) {
        const value = readObject(reader);
        this.#objects.set(Number(head[1]), value);
        if (isStream(value)) this.#note(value, packed);
      }
      at = find(bytes, "obj", Math.max(reader.at, at + 3));
    }
    this.#addTrailers(bytes);
    return packed;
  }

  #addTrailers(bytes: Uint8Array): void {
    for (let at = find(bytes, "trailer", 0); at >= 0; at = find(bytes, "trailer", at + 7)) {
      const dict = new Reader(bytes, this.#budget, at + 7).next();
      if (isDict(dict)) this.#add(dict);
    }
  }

  #note(stream: Stream, packed: Stream[]): void {
    const type = nameOf(stream.dict.get("Type"));
    if (type === "ObjStm") packed.push(stream);
    if (type === "XRef") this.#add(stream.dict);
  }

  #add(trailer: Dict): void {
    for (const [key, value] of trailer) this.#trailer.set(key, value);
  }

  /** ISO 32000-1, 7.5.7: pairs of number and offset, then the objects. */
  async #unpack(stream: Stream): Promise<void> {
    const bytes = this.decode(stream, this.#budget) ?? new Uint8Array();
    const [count, first] = ["N", "First"].map((key) => Number(this.resolve(stream.dict.get(key))));
    const head = new Reader(bytes, this.#budget);
    for (let index = 0; index < count!; index++) {
      if (this.#budget.isDue) await this.#budget.rest();
      const [number, offset] = [head.next(), head.next()];
      if (typeof number !== "number" || typeof offset !== "number") return;
      const value = new Reader(bytes, this.#budget, first! + offset).next();
      if (value !== undefined) this.#objects.set(number, value);
    }
  }
}

function readObject(reader: Reader): Value {
  const value = reader.next() ?? null;
  if (!isDict(value)) return value;
  const after = reader.at;
  if (opOf(reader.next()) !== "stream") {
    reader.at = after;
    return value;
  }
  return readStream(reader, value);
}

/** A stream's bytes: as many as it says where its end then follows, else up to its end's word. */
function readStream(reader: Reader, dict: Dict): Stream {
  const { bytes } = reader;
  if (bytes[reader.at] === 13) reader.at++;
  if (bytes[reader.at] === 10) reader.at++;
  const from = reader.at;
  const length = dict.get("Length");
  const said = typeof length === "number" ? new Reader(bytes, reader.budget, from + length) : undefined;
  if (said && opOf(said.next()) === "endstream") {
    reader.at = said.at;
    return { dict, bytes: bytes.subarray(from, from + (length as number)) };
  }
  const end = find(bytes, "endstream", from);
  reader.at = end < 0 ? bytes.length : end + 9;
  return { dict, bytes: bytes.subarray(from, end < 0 ? undefined : end) };
}
