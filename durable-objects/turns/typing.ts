import type { Room } from "../room.ts";

/** An answer that is there at once needs no typing before it. */
const FIRST_MS = 400;

/**
 * Shows typing in a chat until the returned function is called, which takes it away where it would stay. Best effort.
 * `answering` tells the message that is being answered.
 */
export function showTyping(room: Room, thread: string, answering: () => string | undefined): () => void {
  const { typingMs = 0, typingEnds = false } = room.channel?.limits ?? {};
  if (!room.channel || typingMs === 0) return () => {};
  const to = { chatId: room.chatId, ...(thread ? { thread } : {}) };
  const send = (over: { over?: true }, message: { answering?: string }) =>
    room.channel!.send({ type: "typing", to, ...message, ...over }, room.channelEnv);
  let message: { answering?: string } | undefined;
  let shown: Promise<unknown> | undefined;
  let timer: ReturnType<typeof setTimeout>;
  const show = () => {
    message ??= answered(answering());
    shown = send({}, message);
    timer = setTimeout(show, typingMs);
  };
  timer = setTimeout(show, FIRST_MS);
  return () => {
    clearTimeout(timer);
    if (typingEnds && message) void shown?.then(() => send({ over: true }, message!));
  };
}

function answered(id: string | undefined): { answering?: string } {
  return id === undefined ? {} : { answering: id };
}
