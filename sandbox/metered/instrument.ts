import { type AnyNode, type CallExpression, type NewExpression, parse } from "acorn";
import { ancestor, full } from "acorn-walk";
import MagicString from "magic-string";

/** Ticks of a call and of a round of a loop; fewer where the round does next to nothing, as those over bytes do. */
const STEP = 4;
const TIGHT = 1;
/** Nodes of the syntax tree in such a round. */
const FEW = 24;

/** What a function of the runtime works on: it is counted by its size, before. `perTick` is measured, and rounded. */
interface Work {
  /** The function of `meter.ts` that counts it. */
  by: "sized" | "listed" | "keyed" | "copied";
  /** Characters or elements. */
  perTick: number;
}
const READ: Work = { by: "sized", perTick: 4 };
/** It may find what it looks for at once. */
const SEEK: Work = { by: "sized", perTick: 256 };
const MATCH: Work = { by: "sized", perTick: 0.25 };
const COPY: Work = { by: "copied", perTick: 0.25 };
const MOVE: Work = { by: "listed", perTick: 4 };
const KEY: Work = { by: "keyed", perTick: 0.5 };

const words = (text: string) => text.split(" ");
const methods = (names: string[], work: Work) => names.map((name) => [name, work] as const);

/** Methods that work on what they belong to. */
const ON_OBJECT = new Map([
  ...methods(words("toUpperCase toLowerCase normalize localeCompare trim trimStart trimEnd"), READ),
  ...methods(words("split join"), READ),
  ...methods(words("replace replaceAll match matchAll"), MATCH),
  ...methods(words("indexOf lastIndexOf includes search"), SEEK),
  ...methods(words("slice splice shift unshift concat fill reverse sort flat"), MOVE),
]);
/** Methods that work on what they are given. */
const ON_ARGUMENT = new Map([
  ...methods(words("encode decode parse"), READ),
  ...methods(words("test exec"), SEEK),
  ...methods(words("from fromEntries"), COPY),
  ...methods(words("get set has add delete"), KEY),
]);
/** Calls whose result shows what was worked on. */
const BY_RESULT = new Map(
  methods(words("stringify repeat padStart padEnd keys values entries assign"), COPY),
);
const COLLECTIONS = new Set(words("Set Map Array String"));

/**
 * Makes a program count what it does, with the functions of `meter.ts`: every call, every round of a loop, and by its
 * size what a function of the runtime works on. Loops that can wait give others their turn when it is time.
 */
export function instrument(source: string, meter: string): string {
  const program = new Instrumented(source);
  program.visit();
  const names = ["tick", "isDue", "rest", "sized", "listed", "keyed", "copied"].map(
    (name) => `${name} as __${name}`,
  );
  return `import{${names}}from${JSON.stringify(meter)};${program.text}`;
}

class Instrumented {
  readonly text: MagicString;
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
    this.text = new MagicString(source);
  }

  visit(): void {
    const visit = (node: AnyNode, _state: unknown, path: AnyNode[]) => this.#count(node, path);
    const types = [
      ...["ForStatement", "ForInStatement", "ForOfStatement", "WhileStatement", "DoWhileStatement"],
      ...["Function", "CallExpression", "NewExpression", "MemberExpression", "SpreadElement", "Literal"],
    ];
    const tree = parse(this.#source, { ecmaVersion: "latest", sourceType: "module" });
    ancestor(tree, Object.fromEntries(types.map((type) => [type, visit])));
  }

  #count(node: AnyNode, path: AnyNode[]): void {
    switch (node.type) {
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "WhileStatement":
      case "DoWhileStatement":
        return this.#round(node.body, path);
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        if (node.body.type === "BlockStatement") return this.#begin(node.body, `__tick(${STEP})`);
        return this.#wrap(node.body, `(__tick(${STEP}),`, ")");
      case "CallExpression":
        return this.#call(node);
      case "NewExpression":
        return this.#make(node);
      case "MemberExpression":
        if (node.computed && mayBeText(node.property)) this.#work(node.property, KEY);
        return;
      case "SpreadElement":
        return this.#work(node.argument, COPY);
      case "Literal":
        if (node.regex) this.#expression(node, node.regex);
    }
  }

  #round(body: AnyNode, path: AnyNode[]): void {
    if (canWait(path)) this.#begin(body, `if(__isDue(${STEP}))await __rest()`);
    else this.#begin(body, `__tick(${isTight(body) ? TIGHT : STEP})`);
  }

  #call(node: CallExpression): void {
    const { callee, arguments: given } = node;
    if (callee.type !== "MemberExpression" || callee.computed || !("name" in callee.property)) return;
    const { name } = callee.property;
    this.#work(given[0], ON_ARGUMENT.get(name));
    // What is in a chain stays in it: its end is the end of all.
    if (callee.object.type === "Super" || isInChain(node)) return;
    this.#work(callee.object, ON_OBJECT.get(name));
    this.#work(node, BY_RESULT.get(name));
  }

  #make({ callee, arguments: [first] }: NewExpression): void {
    if (callee.type === "Identifier" && COLLECTIONS.has(callee.name)) this.#work(first, COPY);
  }

  #work(node: AnyNode | undefined, work: Work | undefined): void {
    if (!node || !work || node.type === "SpreadElement") return;
    const [open, close] = node.type === "SequenceExpression" ? ["(", ")"] : ["", ""];
    this.#wrap(node, ` __${work.by}(${open}`, `${close},${work.perTick})`);
  }

  /** `/x+$/` tries every x of every run up to the run's end; one look behind, and it tries the first alone. */
  #expression(node: AnyNode, { pattern, flags }: { pattern: string; flags: string }): void {
    const [, repeated] = /^(\\?.|\[(?:[^\\\]]|\\.)+\])\+\$$/.exec(pattern) ?? [];
    if (repeated && !/[my]/.test(flags)) this.text.appendLeft(node.start + 1, `(?<!${repeated})`);
  }

  /** Around what stands there already, where nodes begin or end at the same place: inner ones come first. */
  #wrap(node: { start: number; end: number }, before: string, after: string): void {
    this.text.prependRight(node.start, before);
    this.text.appendLeft(node.end, after);
  }

  #begin(body: AnyNode, call: string): void {
    if (body.type !== "BlockStatement") return this.#wrap(body, `{${call};`, "}");
    const directive = body.body.findLast((statement) => "directive" in statement);
    this.text.appendLeft(directive?.end ?? body.start + 1, `;${call};`);
  }
}

/** Whether the innermost function around a node is one that can wait. */
function canWait(path: AnyNode[]): boolean {
  const place = path.findLast((node) => /Function|StaticBlock|PropertyDefinition/.test(node.type));
  return place !== undefined && "async" in place && Boolean(place.async);
}

/** Whether a call hangs on a link such as `?.`. */
function isInChain(node: AnyNode): boolean {
  if ("optional" in node && node.optional) return true;
  if (node.type === "CallExpression") return isInChain(node.callee);
  return node.type === "MemberExpression" && isInChain(node.object);
}

function isTight(body: AnyNode): boolean {
  let nodes = 0;
  full(body, () => nodes++);
  return nodes <= FEW;
}

function mayBeText(node: AnyNode): boolean {
  if (node.type === "BinaryExpression") return node.operator === "+";
  return node.type !== "Literal" && node.type !== "UpdateExpression" && node.type !== "PrivateIdentifier";
}
