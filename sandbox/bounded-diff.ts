import type { Bash } from "just-bash/browser";

/** Lines of both files together. The comparison takes time with their square, and cannot be interrupted. */
const MOST_LINES = 2_000;

/** Lets `diff` refuse what it would compute on for minutes. */
export function boundDiff(bash: Bash): void {
  const diff = bash["commands"].get("diff");
  if (!diff) return;
  bash.registerCommand({
    ...diff,
    execute: async (args, context) => {
      const files = args.filter((arg) => arg === "-" || !arg.startsWith("-"));
      const read = (file: string) =>
        context.fs.readFile(context.fs.resolvePath(context.cwd, file)).catch(() => "");
      const texts = await Promise.all(
        files.map((file) => (file === "-" ? String(context.stdin) : read(file))),
      );
      const lines = texts.reduce((sum, text) => sum + text.split("\n").length, 0);
      if (lines <= MOST_LINES) return diff.execute(args, context);
      const stderr = `diff: limit of ${MOST_LINES} lines exceeded; try comm, or compare parts\n`;
      return { stdout: "", stderr, exitCode: 126 };
    },
  });
}
