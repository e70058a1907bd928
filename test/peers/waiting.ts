import { EventEmitter } from "node:events";

/** Lets requests wait for something that another request brings about. */
export class Waiting {
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #open = new Set<string>();
  readonly #held = new Map<string, number>();

  /** Something changed: everybody who waits looks again. */
  changed(): void {
    this.#changes.emit("change");
  }

  open(gate: string): void {
    this.#open.add(gate);
    this.changed();
  }

  held(gate: string): number {
    return this.#held.get(gate) ?? 0;
  }

  /** Waits at a gate; an aborted signal goes through as well. */
  async pass(gate: string, signal: AbortSignal): Promise<void> {
    this.#held.set(gate, this.held(gate) + 1);
    this.changed();
    await this.until(() => this.#open.has(gate) || signal.aborted, 10 * 60_000, signal);
  }

  /** Resolves when the condition holds, the time is up or the signal aborts; answers whether it holds. */
  until(holds: () => boolean, timeoutMs: number, signal?: AbortSignal): Promise<boolean> {
    if (holds()) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#changes.off("change", look);
        signal?.removeEventListener("abort", done);
        resolve(holds());
      };
      const look = () => holds() && done();
      const timer = setTimeout(done, timeoutMs).unref();
      this.#changes.on("change", look);
      signal?.addEventListener("abort", done, { once: true });
    });
  }
}
