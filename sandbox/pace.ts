/** Rounds of a loop between two pauses. */
const ROUNDS = 10;
/** Looks at files between two pauses; starting a command that computes counts as much as all of them. */
const LOOKS = 50;
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
  ".rest",
]);

/** Microseconds of work that one step of an interpreter stands for, by the beginning of its name. Measured, rounded. */
const COSTS: [prefix: string, cost: number][] = [
  ["awk:expr:call", 4],
  ["awk:", 0.5],
  ["jq:", 0.5],
  ["sed:", 12],
  ["bash:", 8],
];
/** Microseconds of counted work without a pause. */
const SLICE = 300_000;
/** Microseconds of counted work in all. */
const ALL = 5_000_000;
/** The same by the clock, for what the counts do not see, in milliseconds; wide, as a machine may be busy. */
const SLICE_MS = 2_000;
const ALL_MS = 5_000;

/**
 * Ends a command that works for too long, and gives way to other work while it runs. In production the clock moves on
 * only while we wait, so work is counted: the interpreters report every step, the file system every look.
 */
export class Pace {
  readonly #now: () => number;
  readonly #spent = new AbortController();
  #looks = 0;
  #slice = 0;
  #all = 0;
  #busyMs = 0;
  #since: number;

  /** `now` in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#since = now();
  }

  /** Aborts when the command has worked for too long. */
  get spent(): AbortSignal {
    return this.#spent.signal;
  }

  /** Called at every step of bash, awk, sed and jq (the interpreter's coverage hook). Throws when it was the last one. */
  hit(feature: string): void {
    const cost = COSTS.find(([prefix]) => feature.startsWith(prefix))?.[1] ?? 1;
    this.#slice += cost;
    this.#all += cost;
    const tooLong = this.#slice > SLICE || this.#all > ALL || this.#now() - this.#since > SLICE_MS;
    if (tooLong) this.#spent.abort();
    if (this.#spent.signal.aborted) throw new Error("CPU time limit exceeded");
  }

  /** Called at every look at a file. The shell looks for each command that is not built in, at `/usr/bin/awk`. */
  async pause(path: string): Promise<void> {
    const name = /^\/(?:usr\/)?bin\/(.+)$/.exec(path)?.[1];
    await this.#look(name && !LIGHT.has(name) ? LOOKS : 1);
  }

  /** Called at every round of a loop. */
  round(): Promise<void> {
    return this.#look(LOOKS / ROUNDS);
  }

  async #look(count: number): Promise<void> {
    this.#looks += count;
    if (this.#looks < LOOKS) return;
    this.#looks = 0;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#busyMs += this.#now() - this.#since;
    if (this.#busyMs > ALL_MS) this.#spent.abort();
    this.rested();
  }

  /** Waiting is not working. */
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

  /** Other work had its turn: a new slice begins. */
  rested(): void {
    this.#slice = 0;
    this.#since = this.#now();
  }
}
