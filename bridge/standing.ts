import type { ConnectorState } from "../channels/frames.ts";
import type { Host } from "./connector.ts";

type State = Omit<ConnectorState, "channel" | "lastEventAt">;

/** How a connector is. The host is told when that is another. */
export class Standing {
  readonly #host: Pick<Host, "now" | "changed">;
  #state: ConnectorState;

  constructor(channel: string, host: Pick<Host, "now" | "changed">, state: State["state"] = "connecting") {
    this.#host = host;
    this.#state = { channel, state };
  }

  get now(): ConnectorState {
    return this.#state;
  }

  /** All of it is another, but for when an event came last. */
  change(state: State): void {
    const { channel, lastEventAt } = this.#state;
    this.#state = { channel, ...state, lastEventAt };
    this.#host.changed();
  }

  /** An event came. The next health frame is early enough to tell. */
  heard(): void {
    this.#state = { ...this.#state, lastEventAt: this.#host.now() };
  }
}
