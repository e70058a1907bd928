import { readFileSync, renameSync, writeFileSync } from "node:fs";
import type { ShownMessage } from "../channels/web/frames.ts";

/** Single messages that are remembered beyond `upTo`. */
const KEPT = 200;

interface Past {
  /** Everything up to this id was shown. */
  upTo: string;
  /** These after it, too. */
  ids: string[];
}

/** Which of the assistant's messages this machine has shown, for each install. Ids sort by time. */
export class Seen {
  readonly #file: string | undefined;
  readonly #install: string;
  readonly #ids: Set<string>;
  #upTo: string;

  /** @param file where it outlives the process; undefined: nowhere */
  constructor(file: string | undefined, install: string) {
    this.#file = file;
    this.#install = install;
    const { upTo = "", ids = [] } = this.#read()[install] ?? {};
    this.#upTo = upTo;
    this.#ids = new Set(ids);
  }

  /** Empty where nothing was ever shown. */
  get upTo(): string {
    return this.#upTo;
  }

  /** Those of the assistant after `since` that were not shown. */
  fresh(messages: ShownMessage[], since: string): ShownMessage[] {
    return messages.filter(({ id, from }) => from === "assistant" && id > since && !this.#ids.has(id));
  }

  /** These were shown; what is between them may not have been. `since`: nothing before it was ever missed. */
  mark(messages: ShownMessage[], since = ""): void {
    for (const { id } of messages) this.#ids.add(id);
    this.#upTo ||= since;
    this.#write();
  }

  /** These were shown, and all that came before them. */
  markAll(messages: ShownMessage[]): void {
    for (const { id } of messages) {
      this.#ids.add(id);
      if (id > this.#upTo) this.#upTo = id;
    }
    this.#write();
  }

  #read(): Record<string, Partial<Past>> {
    try {
      return this.#file ? JSON.parse(readFileSync(this.#file, "utf8")) : {};
    } catch {
      return {};
    }
  }

  #write(): void {
    if (!this.#file) return;
    const ids = [...this.#ids].filter((id) => id > this.#upTo).slice(-KEPT);
    const all = { ...this.#read(), [this.#install]: { upTo: this.#upTo, ids } };
    // A kill in the middle leaves what was known before: an empty file would say that nothing was ever shown.
    const half = `${this.#file}.${process.pid}`;
    writeFileSync(half, `${JSON.stringify(all)}\n`, { mode: 0o600 });
    renameSync(half, this.#file);
  }
}
