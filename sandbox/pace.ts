import { type Account, metered, SPENT, settle } from "#bash";

/** Ticks of one command in all: 1 to 3 s of work. */
const ALL = 240_000_000;

/**
 * Ends a command that works for too long. In production the clock moves on only while we wait, so what it does is
 * counted; the interpreter gives other work its turn by itself.
 */
export class Pace {
  readonly #account: Account = { ticks: 0, overran: false };
  readonly #spent = new AbortController();

  /** Aborts when the command has worked for too long. */
  get spent(): AbortSignal {
    return this.#spent.signal;
  }

  /** Runs the command, with a result also when it was ended. */
  async run<T>(command: () => Promise<T>): Promise<T> {
    try {
      return await metered(this.#account, command);
    } finally {
      if (this.#isOver()) this.#spent.abort();
    }
  }

  /** Called at every command and expansion (the interpreter's coverage hook). Throws when it was the last one. */
  hit(): void {
    settle();
    if (!this.#isOver()) return;
    this.#spent.abort();
    throw new Error(SPENT);
  }

  #isOver(): boolean {
    return this.#account.overran || this.#account.ticks > ALL;
  }
}
