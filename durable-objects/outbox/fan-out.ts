import { DIRECTORY } from "../directory/rpc.ts";
import type { Room } from "../room.ts";
import type { OutboxRow } from "./outbox.ts";

/**
 * What no person waits for (tasks, alerts) may be due in every chat at the same moment: it takes its turn from the
 * bot's allowance, which the directory keeps. Answers never wait for it.
 */
export class FanOut {
  readonly #room: Room;
  /** Rows that have their turn. A restart asks again, which only costs another turn. */
  readonly #leased = new Set<string>();

  constructor(room: Room) {
    this.#room = room;
  }

  /** Milliseconds until a row may begin to be sent; 0 for now. Without the directory's word nothing waits. */
  async pause({ id, fanOut, part, parts }: OutboxRow): Promise<number> {
    const { channel, channelName, env } = this.#room;
    if (!fanOut || part > 0 || !channel?.limits.fanOutPerSecond || this.#leased.delete(id)) return 0;
    const lease = env.DIRECTORY.getByName(DIRECTORY).lease(channelName, parts?.length ?? 1);
    const pause = await lease.catch(() => 0);
    if (pause > 0) this.#leased.add(id);
    return pause;
  }
}
