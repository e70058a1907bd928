/** Work between two pauses, in looks at files; starting a command that computes counts as much as all of them. */
const SLICE = 50;
const LIGHT = new Set([
  "echo",
  "printf",
  "true",
  "false",
  "basename",
  "dirname",
  "mkdir",
  "rm",
  "touch",
  "sleep",
]);
/** Milliseconds that a command may keep the Worker busy in all. */
const BUSY_MS = 5_000;

/**
 * Gives way to other work while a command runs, and ends it when it has been busy for too long. The clock moves on
 * only while we wait, so the time between two pauses is counted at the second.
 */
export class Pace {
  readonly #now: () => number;
  readonly #spent = new AbortController();
  #looks = 0;
  #busy = 0;
  #since: number;

  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  /** Aborts when the time is used up. */
  get spent(): AbortSignal {
    return this.#spent.signal;
  }

  /** Called at every look at a file. The shell looks for each command that is not built in, at `/usr/bin/awk`. */
  async pause(path: string): Promise<void> {
    const name = /^\/(?:usr\/)?bin\/(.+)$/.exec(path)?.[1];
    this.#looks += name && !LIGHT.has(name) ? SLICE : 1;
    if (this.#looks < SLICE) return;
    this.#looks = 0;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#busy += this.#now() - this.#since;
    this.#since = this.#now();
    if (this.#busy > BUSY_MS) this.#spent.abort();
  }

  /** Waiting is not being busy. */
  async sleep(ms: number, signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      const stop = () => {
        clearTimeout(timer);
        resolve();
      };
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
    });
    this.rested();
  }

  /** The time since the last pause was spent waiting. */
  rested(): void {
    this.#since = this.#now();
  }
}
