import type { Author } from "./notebook.ts";

export interface ExecRequest {
  command: string;
  /** Milliseconds. */
  timeoutMs: number;
  signal: AbortSignal;
  author: Author;
  /** Runs inside the transaction that makes the command's file changes visible (see `Notebook.write`). */
  commit?: (result: ExecResult) => void;
}

export interface ExecResult {
  stdout: string;
  stderr: string;
  exitCode: number;
  /** Why it ended early, if it did. */
  ended?: "timeout" | "stopped" | "limit";
}

/**
 * Where commands run, with `/workspace/group` as their working directory.
 * *Contract:* sees and changes the same files as the `Notebook`; file changes of one command become visible
 * together, after it ended; holds no credential. Weakness of the embedded shell: text tools only, counted limits.
 */
export interface Shell {
  /** One sentence for the tool's description: what this shell is and what it cannot do. */
  about: string;
  exec(request: ExecRequest): Promise<ExecResult>;
}
