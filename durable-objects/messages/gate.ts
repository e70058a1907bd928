import type { Gate } from "../../agent/wake.ts";
import type { Room } from "../room.ts";

/** What decides in this group who wakes the assistant. */
export function gateOf(room: Room): Gate {
  const { config, settings } = room;
  return {
    channel: room.channelName,
    main: room.main,
    type: settings?.type ?? "group",
    name: config.ASSISTANT_NAME,
    trigger: settings?.trigger,
    requiresTrigger: settings?.requiresTrigger ?? true,
    allowFrom: config.ALLOW_FROM,
    allow: settings?.allow,
  };
}
