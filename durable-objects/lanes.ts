import type { Room } from "./room.ts";

/**
 * A lane: one worker at a time over whatever is due. Between boots a claim's boot id keeps workers apart, within one
 * boot this promise does.
 */
export class Lane {
  readonly #room: Room;
  readonly #name: string;
  readonly #work: () => Promise<void>;
  #running: Promise<void> | undefined;
  #again = false;

  /** @param work does all that is due and returns; called again when somebody asked meanwhile */
  constructor(room: Room, name: string, work: () => Promise<void>) {
    this.#room = room;
    this.#name = name;
    this.#work = work;
  }

  get busy(): boolean {
    return this.#running !== undefined;
  }

  /** Starts the lane, or has it look once more. Never throws; pending I/O keeps the object alive. */
  start(): void {
    this.#again = true;
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // Leaves the caller's tick first: an accepted message is acknowledged before it is worked on.
    await Promise.resolve();
    try {
      while (this.#again) {
        this.#again = false;
        await this.#work();
      }
    } catch (error) {
      this.#room.report(`the ${this.#name} lane stopped`, error);
    } finally {
      this.#running = undefined;
    }
  }
}
