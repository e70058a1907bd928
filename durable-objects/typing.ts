import type { Room } from "./room.ts";

/** An answer that is there at once needs no typing before it. */
const FIRST_MS = 400;

/** Shows typing in a chat until the returned function is called. Best effort. */
export function showTyping(room: Room, thread: string): () => void {
  const every = room.channel?.limits.typingMs ?? 0;
  if (!room.channel || every === 0) return () => {};
  const to = { chatId: room.chatId, ...(thread ? { thread } : {}) };
  let timer: ReturnType<typeof setTimeout>;
  const show = () => {
    void room.channel!.send({ type: "typing", to }, room.channelEnv);
    timer = setTimeout(show, every);
  };
  timer = setTimeout(show, FIRST_MS);
  return () => clearTimeout(timer);
}
