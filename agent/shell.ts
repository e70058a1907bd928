import type { Author, Change } from "./notebook.ts";

export interface ExecRequest {
  command: string;
  /** Milliseconds. */
  timeoutMs: number;
  signal: AbortSignal;
  author: Author;
  /** More files to write in the same transaction, such as the whole of a long output. */
  save?: (result: ExecResult) => Change[];
  /** Runs inside the transaction that makes the command's file changes visible (see `Notebook.write`). */
  commit?: (result: ExecResult) => void;
}

export interface ExecResult {
  stdout: string;
  stderr: string;
  exitCode: number;
  /** Why it ended early, if it did; `refused`: it was never started, and `stderr` says why. */
  ended?: "timeout" | "stopped" | "limit" | "refused";
}

/**
 * Where commands run, with `/workspace/group` as their working directory.
 * *Contract:* sees and changes the same files as the `Notebook`; file changes of one command become visible
 * together, after it ended (also by its timeout or a limit; a command that was stopped changes nothing); holds no
 * credential. Weakness of the embedded shell: text tools only, counted limits.
 */
export interface Shell {
  exec(request: ExecRequest): Promise<ExecResult>;
}
