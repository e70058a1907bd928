import type { Parts } from "./parts.ts";
import type { Room } from "./room.ts";

const LET_IN = "My owner let you in: you may talk to me now. What you wrote before was not kept.";

/**
 * Tells whoever was given a code that main has approved it: once, since the fact ends with the saying's row. Who made
 * the chat main knows.
 */
export function welcome(room: Room, parts: Parts): void {
  const thread = room.get("coded");
  if (thread === undefined || !room.registered) return;
  room.transaction(() => {
    room.clear("coded");
    if (!room.main) parts.say(`welcome:${room.newId()}`, LET_IN, thread);
  });
}
