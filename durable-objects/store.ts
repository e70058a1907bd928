import type { Inbound } from "../channels/channel.ts";
import { log, messageOf } from "./log.ts";
import type { Receipt } from "./rpc.ts";

/** An event is stored at the third try or not at all; who delivered it then does so again. */
const TRIES = 3;

/**
 * Stores an event in its group. A deploy or an eviction can break a call; the same object answers on a fresh stub. An
 * overloaded one is left alone. Throws what the object threw last.
 */
export async function store(env: Env, event: Inbound): Promise<Receipt> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await env.GROUP.getByName(event.address).receive(event);
    } catch (error) {
      const { retryable, overloaded } = error as { retryable?: boolean; overloaded?: boolean };
      log("error", "error", "receive failed", {
        address: event.address,
        attempt,
        message: messageOf(error),
      });
      if (!retryable || overloaded || attempt >= TRIES) throw error;
    }
  }
}
