import type { Address } from "../../channels/channel.ts";
import type { Answer, Command, ConnectorState, Hint } from "../../channels/frames.ts";

/** The name of the one object that holds the companion's line. */
export const LINE = "companion";

/** How the line is. */
export interface LineStatus {
  online: boolean;
  /** Grows with every companion that takes the line. 0: none ever came. */
  epoch: number;
  /** When the companion was last heard, in milliseconds. */
  seenAt?: number;
  version?: string;
  connectors: ConnectorState[];
}

/** The verbs of the line, as groups and doors call them. The companion's own upgrade goes through `fetch`. */
export interface LineVerbs {
  /**
   * Has the companion do something, once an id; waits for its answer up to half a minute, for a file 90 seconds. `asker`: the group that is
   * told with `companionBack` when the companion, which is absent now, can do it.
   */
  command(id: string, channel: string, command: Command, asker?: Address): Promise<Answer>;
  /** Passes on what is worthless later. */
  hint(channel: string, hint: Hint): Promise<void>;
  status(): Promise<LineStatus>;
}
