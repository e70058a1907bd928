const MINUTE_MS = 60_000;

/** Keeps the sends to one chat within the platform's limit a minute. In memory: a restart sends no burst worth a row. */
export class Pace {
  readonly #perMinute: number;
  #sent: number[] = [];

  constructor(perMinute: number) {
    this.#perMinute = perMinute;
  }

  count(now: number): void {
    this.#sent.push(now);
  }

  /** How many sends may leave now. */
  room(now: number): number {
    return this.#perMinute - this.#sent.filter((at) => at > now - MINUTE_MS).length;
  }

  /** Milliseconds until the next send may leave; 0 for now. */
  pause(now: number): number {
    this.#sent = this.#sent.filter((at) => at > now - MINUTE_MS);
    if (this.#sent.length < this.#perMinute) return 0;
    return this.#sent[this.#sent.length - this.#perMinute]! + MINUTE_MS - now;
  }
}
