import type { Part } from "../../channels/channel.ts";
import { isNo, isYes } from "../../channels/enabled.ts";
import type { Room } from "../room.ts";

/** Markdown that has to stand at the beginning of a line. */
const BLOCK = /^\s*(?:[-+*#>|]|\d+[.)]|```|~~~)/;

/**
 * A text as the messages of a chat, all that is ever said there. `Name: ` stands before it where people may take it for
 * somebody else's: by `Limits.prefix`, unless `<CHANNEL>_PREFIX` says otherwise.
 */
export function spoken(room: Room, text: string): Part[] {
  const { channel, config } = room;
  const name = `${config.ASSISTANT_NAME}:`;
  const bare = !hasPrefix(room) || !text.trim() || text.startsWith(name);
  return channel?.render(bare ? text : `${name}${BLOCK.test(text) ? "\n\n" : " "}${text}`) ?? [];
}

function hasPrefix({ channel, channelName, config }: Room): boolean {
  const chosen = config.vars[`${channelName.toUpperCase()}_PREFIX`];
  return channel?.limits.prefix ? !isNo(chosen) : isYes(chosen);
}
