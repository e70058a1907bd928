/** The document costs more than is spent on one. */
export class BudgetSpent extends Error {}

/** Cost of work between two pauses; a value read costs one. */
const SLICE = 50_000;
/** Bytes to go through that cost as much as one value. */
const BYTES_OF_ONE = 100;

/**
 * What reading a document may cost. Work is counted, as the clock of a Worker stands still while it computes; between
 * two slices of it others have their turn.
 */
export class Budget {
  readonly #signal: AbortSignal | undefined;
  #bytes: number;
  #values: number;
  #slice = SLICE;

  /** @param bytes what streams may unfold to, each as often as it is read */
  constructor(bytes: number, values: number, signal?: AbortSignal) {
    this.#bytes = bytes;
    this.#values = values;
    this.#signal = signal;
  }

  /** Throws `BudgetSpent` where that is more than is left. */
  takeBytes(count: number): void {
    this.#bytes -= count;
    this.#slice -= count / BYTES_OF_ONE;
    if (this.isSpent) throw new BudgetSpent();
  }

  /** Throws `BudgetSpent` where that is more than is left. */
  takeValues(count = 1): void {
    this.#values -= count;
    this.#slice -= count;
    if (this.isSpent) throw new BudgetSpent();
  }

  get isSpent(): boolean {
    return this.#values < 0 || this.#bytes < 0;
  }

  /** Whether it is others' turn. */
  get isDue(): boolean {
    return this.#slice < 0;
  }

  /** Gives way to other work. Throws the signal's reason where that is aborted. */
  async rest(): Promise<void> {
    await new Promise((done) => setTimeout(done));
    this.#signal?.throwIfAborted();
    this.#slice = SLICE;
  }
}
