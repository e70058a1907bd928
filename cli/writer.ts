import { styleText } from "node:util";
import type { Watcher } from "./conversation.ts";

/** Writes an answer to stdout: while it comes on a terminal, whole elsewhere. */
export class Writer implements Watcher {
  readonly #terminal: boolean;
  #written = "";

  constructor(terminal: boolean) {
    this.#terminal = terminal;
  }

  draft(text: string): void {
    if (this.#terminal && text.trim()) this.#advance(text);
  }

  activity(text: string): void {
    if (!this.#terminal || !text) return;
    this.#newLine();
    console.log(styleText("dim", `[${text}]`));
  }

  /** A whole message; goes on where its draft ended. */
  said(text: string): void {
    this.#advance(text);
    this.#newLine();
  }

  /** Writes what is new; an answer that began again is written again. */
  #advance(text: string): void {
    if (!text.startsWith(this.#written)) this.#newLine();
    process.stdout.write(text.slice(this.#written.length));
    this.#written = text;
  }

  #newLine(): void {
    if (this.#written) process.stdout.write("\n");
    this.#written = "";
  }
}
