import type { ConnectorState } from "../../channels/frames.ts";
import type { LineFacts } from "./facts.ts";
import type { Presence } from "./presence.ts";

/** Tells main of an account that has stopped for good: once, until it works again. */
export class Accounts {
  readonly #facts: LineFacts;
  readonly #presence: Presence;

  constructor(facts: LineFacts, presence: Presence) {
    this.#facts = facts;
    this.#presence = presence;
  }

  /** What a companion says of its accounts, also when it comes: it may have happened while nobody listened. */
  async look(connectors: readonly ConnectorState[]): Promise<void> {
    for (const connector of connectors) {
      const { channel, state } = connector;
      const told = this.#facts.get("stopped") ?? {};
      const text = wordsFor(connector);
      if (told[channel] && state === "ready") this.#facts.set("stopped", { ...told, [channel]: undefined });
      if (!text || told[channel] === state) continue;
      // In the same tick as the notice: they are written together.
      this.#facts.set("stopped", { ...told, [channel]: state });
      await this.#presence.tell(`stopped:${channel}`, text);
    }
  }
}

function wordsFor({ channel, state, problem }: ConnectorState): string | undefined {
  if (state === "failed")
    return `${channel} has stopped. ${problem ?? "The companion says why, where it runs."}`;
  if (state !== "logged out") return undefined;
  return `${channel} has to be linked again: ${problem ?? "the link was taken back"}. Write on the command line: npx nanoflare channels login ${channel}`;
}
