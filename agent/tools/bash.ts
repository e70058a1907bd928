import * as z from "zod";
import type { Change, Notebook } from "../notebook.ts";
import { KEPT_IN } from "../outside-names.ts";
import type { ExecResult } from "../shell.ts";
import { defineTool, ToolError } from "./tool.ts";

/** Characters of output that the model sees. */
const MOST = 10_000;
const HALF = MOST / 2;
/** Whole long outputs that are kept. */
const KEPT = 20;

export const bash = defineTool({
  name: "bash",
  description:
    "Run a shell command on the same files, in /workspace/group: text tools, no network; at most 10,000 commands or 5 s of CPU in the embedded shell. Changes are kept after it ends.",
  schema: z.object({
    command: z.string().min(1),
    timeout: z.int().min(1).max(300).optional().describe("seconds"),
  }),
  risk: "unsafe",
  async run({ command, timeout }, context) {
    const timeoutMs = timeout ? timeout * 1000 : context.limits.execTimeoutMs;
    const keptAs = `${KEPT_IN}/${new Date(context.now()).toISOString().replaceAll(/[:.]/g, "-")}.txt`;
    const result = await context.shell.exec({
      command,
      timeoutMs,
      signal: context.signal,
      author: context.author,
      save: (ended) => whole(ended, keptAs, context.notebook),
      commit: (ended) => {
        if (context.signal.aborted) throw new ToolError("stopped; nothing it changed was kept.");
        context.settle(report(ended, keptAs, timeoutMs));
      },
    });
    return report(result, keptAs, timeoutMs);
  },
});

/** In a container it is a whole machine. */
export const bashInContainer = {
  ...bash,
  description:
    "Run a bash command in a Linux sandbox with git, python3, node, rg, jq, sqlite3, pdftotext and agent-browser, on the same files, in /workspace/group. Changes are kept after it ends; nothing goes on running. What is installed is lost when the sandbox sleeps.",
};

/** The whole output as a file, where it is too long to show; the oldest of these files make room. */
function whole(result: ExecResult, path: string, notebook: Notebook): Change[] {
  const output = outputOf(result);
  if (output.length <= MOST) return [];
  const older = notebook.list(KEPT_IN).filter((file) => file.path !== path);
  const remove = older.slice(0, Math.max(0, older.length - KEPT + 1));
  return [{ path, content: output }, ...remove.map((file) => ({ path: file.path, remove: true as const }))];
}

/** What the model reads: output, then how it ended unless that is plain success. */
export function report(result: ExecResult, keptAs: string, timeoutMs: number): string {
  const output = outputOf(result);
  const ending = endingOf(result, timeoutMs);
  if (output === "") return ending || "(no output)";
  return ending ? `${cut(output, keptAs).replace(/\n$/, "")}\n${ending}` : cut(output, keptAs);
}

function outputOf({ stdout, stderr }: ExecResult): string {
  const gap = stdout && stderr && !stdout.endsWith("\n") ? "\n" : "";
  return stdout + gap + stderr;
}

function cut(output: string, keptAs: string): string {
  if (output.length <= MOST) return output;
  const head = output.slice(0, HALF).replace(/[\uD800-\uDBFF]$/, "");
  const tail = output.slice(-HALF).replace(/^[\uDC00-\uDFFF]/, "");
  const missing = output.length - head.length - tail.length;
  return `${head}\n[${missing} characters left out; the whole output is in ${keptAs}]\n${tail}`;
}

function endingOf({ exitCode, ended }: ExecResult, timeoutMs: number): string {
  switch (ended) {
    case "timeout":
      return `[stopped by its timeout of ${timeoutMs / 1000} s; raise timeout (at most 300) or do less at once]`;
    case "stopped":
      return "[stopped on request; nothing it changed was kept]";
    case "limit":
      return "[stopped by a limit of the shell; do less at once]";
    case "refused":
      return "";
    case undefined:
      break;
  }
  const signal = exitCode > 128 && exitCode < 160 ? `, signal ${exitCode - 128}` : "";
  return exitCode === 0 ? "" : `[exit code ${exitCode}${signal}]`;
}
