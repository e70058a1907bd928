import type { Send } from "../../channels/channel.ts";
import { isNo } from "../../channels/enabled.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { TurnRow } from "./turns.ts";

/** An answer that is there by then needs no sign before it, in milliseconds. */
const FIRST_MS = 1000;

/**
 * Puts a sign under the message that is being answered, where the platform can and `<CHANNEL>_SEEN` does not say no.
 * The returned function takes it away. Best effort: nothing waits for it, and what fails is not tried again.
 */
export function showSeen(room: Room, parts: Parts, turn: TurnRow): () => void {
  const { channel, channelName, config } = room;
  if (!channel?.limits.seen || isNo(config.vars[`${channelName.toUpperCase()}_SEEN`])) return () => {};
  let under: string | undefined;
  let shown: Promise<unknown> | undefined;
  const send = (messageId: string, over: { over?: true } = {}) => {
    const to = { chatId: room.chatId, ...(turn.thread ? { thread: turn.thread } : {}) };
    return channel.send({ type: "seen", to, messageId, ...over } satisfies Send, room.channelEnv);
  };
  const timer = setTimeout(() => {
    // A slash command is no message; its platform shows by itself that it waits.
    under = parts.inbox.waitingFor(turn.id).length > 0 ? undefined : parts.inbox.asked(turn.id);
    if (under !== undefined) shown = send(under);
  }, FIRST_MS);
  return () => {
    clearTimeout(timer);
    if (under !== undefined) void shown?.then(() => send(under!, { over: true }));
  };
}
