import { allowed } from "../../agent/wake.ts";
import { actorOf } from "../messages/actors.ts";
import type { Room } from "../room.ts";
import type { Decider } from "./schema.ts";

/** The owner's own doors. */
const DOORS = /^(?:console$|web:|cli:)/;

/**
 * Why somebody may not say yes or no to a call of this chat; undefined for who may: the people whom main named, without
 * such a list everybody in main, and always the owner at the console.
 * @param from the chat in which they said it, or `console`
 */
export function whyNotDecide(room: Room, by: Decider, from: string): string | undefined {
  if (DOORS.test(from) && by.role === "main") return undefined;
  const { approvers } = room.settings ?? {};
  if (!approvers) return by.role === "main" ? undefined : "Only main may answer this.";
  const isNamed = by.ids.some((full) => {
    const colon = full.indexOf(":");
    return allowed({ id: full.slice(colon + 1) }, full.slice(0, colon), approvers);
  });
  return isNamed ? undefined : "Only the approvers of this chat may answer this.";
}

/** Whether people of this very chat are asked: it is main, or somebody of its network is named. Else main is. */
export function asksHere(room: Room): boolean {
  const named = room.settings?.approvers ?? [];
  return room.main || named.some((id) => !id.includes(":") || id.startsWith(`${room.channelName}:`));
}

/** Why an answer of before does not stand any more: whoever gave it may not now. */
export function whyNoLonger(room: Room, by: Decider, from: string): string | undefined {
  const id = by.ids[0]?.slice(`${room.channelName}:`.length) ?? "";
  const role =
    from === room.address && !DOORS.test(from) ? actorOf(room, { id, isBot: false }).role : by.role;
  if (role !== "main" && role !== "member") return "Whoever approved this may not wake me any more.";
  return whyNotDecide(room, { ...by, role }, from) && "Whoever approved this may not do so any more.";
}
