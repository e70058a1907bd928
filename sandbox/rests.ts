import type { Bash } from "just-bash/browser";

type Tree = ReturnType<Bash["transform"]>["ast"];
type Statement = Tree["statements"][number];

const REST = ".rest";
const LOOPS = new Set(["For", "CStyleFor", "While", "Until"]);

/**
 * Lets others have their turn in loops that compute without looking at a file: each round begins with a command that
 * does nothing else, as the interpreter knows no other place to wait.
 */
export function restInLoops(bash: Bash, rest: () => Promise<void>): void {
  bash.registerCommand({
    name: REST,
    execute: async ([status]) => {
      await rest();
      return { stdout: "", stderr: "", exitCode: Number(status) };
    },
  });
  // Leaves `$?` as it was; on the left of && it ends no script under `set -e`.
  const [pause] = bash.transform(`${REST} $? && :`).ast.statements;
  const transform = ({ ast }: { ast: Tree }) => {
    for (const body of bodiesOf(ast)) body.unshift(pause!);
    return { ast };
  };
  bash.registerTransformPlugin({ name: "rest", transform });
}

function* bodiesOf(value: unknown): Generator<Statement[]> {
  if (typeof value !== "object" || value === null) return;
  if ("type" in value && LOOPS.has(String(value.type)) && "body" in value) yield value.body as Statement[];
  for (const child of Object.values(value)) yield* bodiesOf(child);
}
