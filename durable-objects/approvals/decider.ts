import type { Person } from "../../channels/channel.ts";
import { actorOf } from "../messages/actors.ts";
import type { Room } from "../room.ts";
import type { Decider } from "./schema.ts";

/** Who answers; undefined for whoever has no say here: bots, guests, people of a chat that nobody registered. */
export function deciderOf(room: Room, sender: Person): Decider | undefined {
  const { role, id } = actorOf(room, sender);
  if (role !== "main" && role !== "member") return undefined;
  const others = sender.aliases ?? room.get(`aliases:${sender.id}`) ?? [];
  return { role, ids: [id, ...others.map((alias) => `${room.channelName}:${alias}`)], name: sender.name };
}
