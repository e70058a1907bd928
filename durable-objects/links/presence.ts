import { OFFLINE_MS } from "../../channels/frames.ts";
import type { LineFacts } from "./facts.ts";
import { attachedOf, type Outside, type Socket } from "./outside.ts";

/** A notice that could not be handed over is tried again after so many milliseconds. */
const AGAIN_MS = 60_000;

/**
 * Whether the companion is there. While it is, one alarm looks whether it was heard lately; once it is gone and main
 * knows, nothing is armed any more.
 */
export class Presence {
  readonly #outside: Outside;
  readonly #facts: LineFacts;

  constructor(outside: Outside, facts: LineFacts) {
    this.#outside = outside;
    this.#facts = facts;
  }

  /** A companion took the line. */
  async came(): Promise<void> {
    const { now, arm, transaction } = this.#outside;
    transaction(() => {
      if (this.#facts.get("gone")?.told) this.#owe("back", now(), "The companion is back.");
      this.#facts.clear("gone");
    });
    arm(now() + OFFLINE_MS);
    await this.#tell();
  }

  /** The line is empty since now. */
  left(): void {
    if (this.#facts.get("gone")) return;
    const at = this.#outside.now();
    this.#facts.set("gone", { at, told: false });
    this.#outside.arm(at + OFFLINE_MS);
  }

  /** The companion is gone for a moment only, as when it restarts: what is asked of it may wait. */
  awaited(): boolean {
    const gone = this.#facts.get("gone");
    return gone !== undefined && gone.at + OFFLINE_MS > this.#outside.now();
  }

  /** Something that main should know, once a key. */
  async tell(key: string, text: string): Promise<void> {
    this.#outside.transaction(() => this.#owe(key, this.#outside.now(), text));
    await this.#tell();
  }

  /**
   * The alarm. A socket that was silent for too long counts as gone: its network broke without a word.
   * @returns the socket to close
   */
  async look(line: Socket | undefined): Promise<Socket | undefined> {
    const { now, arm } = this.#outside;
    const seenAt = line && attachedOf(line).seenAt;
    if (seenAt !== undefined && seenAt + OFFLINE_MS > now()) {
      arm(seenAt + OFFLINE_MS);
      await this.#tell();
      return undefined;
    }
    if (!line && this.awaited()) return void arm(this.#facts.get("gone")!.at + OFFLINE_MS);
    const gone = this.#facts.get("gone") ?? { at: seenAt ?? now(), told: false };
    if (!gone.told) this.#goneFor(gone.at);
    await this.#tell();
    return line;
  }

  #goneFor(at: number): void {
    const { transaction } = this.#outside;
    const minute = new Date(at).toISOString().slice(0, 16).replace("T", " ");
    const text = `The companion has been offline since ${minute} UTC: WhatsApp and whatever else it carries is not heard. Start it again where it runs (npm run companion).`;
    transaction(() => {
      this.#facts.set("gone", { at, told: true });
      this.#owe("offline", at, text);
    });
  }

  #owe(what: string, at: number, text: string): void {
    const owed = this.#facts.get("owed") ?? [];
    const key = `companion:${what}:${at}`;
    if (owed.some((notice) => notice.key === key)) return;
    this.#facts.set("owed", [...owed, { key, text }].slice(-20));
  }

  /** The directory keeps it from here on. */
  async #tell(): Promise<void> {
    for (const notice of this.#facts.get("owed") ?? []) {
      try {
        await this.#outside.tellMain(notice.key, notice.text);
      } catch (error) {
        this.#outside.report("main could not be told of the companion", error);
        return this.#outside.arm(this.#outside.now() + AGAIN_MS);
      }
      const left = (this.#facts.get("owed") ?? []).filter(({ key }) => key !== notice.key);
      if (left.length > 0) this.#facts.set("owed", left);
      else this.#facts.clear("owed");
    }
  }
}
