import type { Command, Hint, Result } from "../../channels/frames.ts";
import type { Carrier, Connector } from "../connector.ts";
import type { OpenCommand, Store } from "./store.ts";

/**
 * Does what the Worker asks: in each chat one thing after the other, in order. What a crash interrupted is done again
 * under its id; a connector makes that harmless.
 */
export class Hands {
  readonly #store: Store;
  readonly #connectors: ReadonlyMap<string, Connector>;
  readonly #finished: () => void;
  readonly #taken = new Set<string>();
  readonly #lanes = new Map<string, Promise<void>>();

  /** @param finished is called when a result is in the store */
  constructor(store: Store, connectors: ReadonlyMap<string, Connector>, finished: () => void) {
    this.#store = store;
    this.#connectors = connectors;
    this.#finished = finished;
  }

  /** Takes up what is open and not taken up yet. */
  look(): void {
    for (const open of this.#store.open()) {
      if (this.#taken.has(open.id)) continue;
      this.#taken.add(open.id);
      const lane = laneOf(open);
      const done = (this.#lanes.get(lane) ?? Promise.resolve()).then(() => this.#do(open));
      this.#lanes.set(lane, done);
      void done.then(() => this.#lanes.get(lane) === done && this.#lanes.delete(lane));
    }
  }

  hint(channel: string, hint: Hint): void {
    void this.#carrier(channel)?.hint(hint);
  }

  #carrier(channel: string): Carrier | undefined {
    const connector = this.#connectors.get(channel);
    return connector && isCarrier(connector) ? connector : undefined;
  }

  async #do(open: OpenCommand): Promise<void> {
    const result = await this.#result(open);
    this.#store.finish(open.id, result);
    this.#taken.delete(open.id);
    this.#finished();
  }

  async #result({ id, channel, command }: OpenCommand): Promise<Result> {
    const carrier = this.#carrier(channel);
    if (!carrier) return { outcome: "failed", reason: `This companion does not speak to ${channel}.` };
    try {
      return await carrier.run(id, command);
    } catch (error) {
      return { outcome: "unknown", reason: `The companion failed: ${(error as Error).message}` };
    }
  }
}

function isCarrier(connector: Connector): connector is Carrier {
  return "run" in connector;
}

function laneOf({ id, channel, command }: { id: string; channel: string; command: Command }): string {
  return "chatId" in command ? `${channel}:${command.chatId}` : id;
}
