import { Bash, isTired, rest } from "#bash";
import { type Change, describeFileError, type FileError, HOME, type Notebook } from "../agent/notebook.ts";
import type { ExecRequest, ExecResult, Shell } from "../agent/shell.ts";
import { sleep } from "../agent/sleep.ts";
import { NotebookFs } from "./notebook-fs.ts";
import { Pace } from "./pace.ts";
import { refusal } from "./policy.ts";

/** Sizes and counts; the work itself is counted by `metered/`. */
const LIMITS = {
  maxSourceBytes: 100_000,
  maxCommandCount: 30_000,
  maxLoopIterations: 30_000,
  maxAwkIterations: 1_000_000,
  maxSedIterations: 100_000,
  maxJqIterations: 1_000_000,
  maxCallDepth: 50,
  maxExecDepth: 16,
  maxSubstitutionDepth: 20,
  maxSourceDepth: 10,
  maxBraceExpansionResults: 10_000,
  maxGlobOperations: 20_000,
  maxTraversalEntries: 20_000,
  maxTraversalWork: 20_000,
  maxWorkUnits: 1_000_000,
  maxArrayElements: 100_000,
  maxStringLength: 2 << 20,
  maxHeredocSize: 1 << 20,
  maxOutputSize: 4 << 20,
  maxInputBytes: 16 << 20,
  maxLiveBytes: 32 << 20,
  maxFileSystemBytes: 16 << 20,
} as const;

/** Files that one command may write: each is a request to R2, of which an invocation on the free plan has 1,000. */
const MOST_WRITES = 300;

export interface EmbeddedOptions {
  /** A command saw names of files from outside. */
  outside?(): void;
  /** Hears of each path that a command may not have, and what it was told. */
  refused?(path: string, why: string): void;
}

/**
 * Commands in a virtual bash inside the Worker: no process, no network, no credential. The notebook's files are fetched
 * when a command first reads them; after it ended, what it changed is written as one batch. That is so too when it ran
 * out of time or hit a limit, as with a real shell; a command that was stopped changes nothing. A file that someone
 * else changed in the meantime makes the whole batch fail, and the result says so.
 */
export function embeddedShell(notebook: Notebook, options: EmbeddedOptions = {}): Shell {
  return {
    exec: async (request) => {
      const reason = refusal(request.command);
      if (reason) return refused(reason);
      if (isTired()) await rest();
      return new Command(notebook, options, request).run();
    },
  };
}

class Command {
  readonly #notebook: Notebook;
  readonly #request: ExecRequest;
  readonly #timeout: AbortSignal;
  readonly #pace = new Pace();
  readonly #fs: NotebookFs;

  constructor(notebook: Notebook, options: EmbeddedOptions, request: ExecRequest) {
    this.#notebook = notebook;
    this.#request = request;
    this.#timeout = AbortSignal.timeout(request.timeoutMs);
    this.#fs = new NotebookFs(notebook, options);
  }

  async run(): Promise<ExecResult> {
    const result = await this.#execute();
    return result.ended === "stopped" ? result : this.#keep(result);
  }

  async #execute(): Promise<ExecResult> {
    await this.#fs.prepare();
    const signal = AbortSignal.any([this.#request.signal, this.#timeout, this.#pace.spent]);
    const env = { HOME, USER: "agent", LANG: "C.UTF-8" };
    const bash = new Bash({
      fs: this.#fs,
      cwd: HOME,
      env,
      executionLimits: LIMITS,
      coverage: this.#pace,
      // It would patch the globals of the isolate, which other work shares.
      defenseInDepth: false,
      // Waiting is not working.
      sleep: (ms) => sleep(ms, signal),
    });
    try {
      const { stdout, stderr, exitCode } = await this.#pace.run(() =>
        bash.exec(this.#request.command, { signal }),
      );
      return this.#mark({ stdout, stderr: withoutAdvice(stderr), exitCode });
    } catch (error) {
      // A redirection that fails ends the whole script here, unlike in a real shell.
      const reason = error instanceof Error ? error.message : String(error);
      return this.#mark({ stdout: "", stderr: `bash: ${withoutAdvice(reason)}\n`, exitCode: 1 });
    } finally {
      if (isTired()) await rest();
    }
  }

  #mark(result: ExecResult): ExecResult {
    if (this.#request.signal.aborted) return { ...result, exitCode: 130, ended: "stopped" };
    if (this.#timeout.aborted) return { ...result, exitCode: 124, ended: "timeout" };
    const limited =
      this.#pace.spent.aborted || (result.exitCode === 126 && /exceed|too many|limit/i.test(result.stderr));
    return limited ? { ...result, exitCode: 126, ended: "limit" } : result;
  }

  /** Writes what changed. Where that is refused, none of it is kept and the result says why. */
  async #keep(result: ExecResult): Promise<ExecResult> {
    const changes = await this.#fs.changes();
    const isMuch = changes.filter((change) => "content" in change).length > MOST_WRITES;
    const written = isMuch ? undefined : await this.#write(result, changes);
    if (written?.ok) return result;
    const reason = written
      ? describeFileError(written)
      : `it wrote more than ${MOST_WRITES} files; write fewer at once.`;
    const why = `The command's file changes were not kept: ${reason}`;
    const failed = { ...result, exitCode: result.exitCode || 1, stderr: `${result.stderr}${why}\n` };
    await this.#write(failed, []);
    return failed;
  }

  async #write(result: ExecResult, own: Change[]): Promise<{ ok: true } | ({ ok: false } & FileError)> {
    const { author, commit, save } = this.#request;
    const changes = [...own, ...(save?.(result) ?? [])];
    if (changes.length === 0 && !commit) return { ok: true };
    return this.#notebook.write(changes, author, () => commit?.(result));
  }
}

function refused(reason: string): ExecResult {
  return { stdout: "", stderr: `Not run: ${reason}.`, exitCode: 126, ended: "refused" };
}

/** The interpreter advises its host to raise a limit; the model can't. */
function withoutAdvice(stderr: string): string {
  return stderr.replace(/, increase executionLimits\.\w+/g, "");
}
