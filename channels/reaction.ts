import type { Event, Person } from "./channel.ts";

/** Somebody put a sign under a message. It is context for the next turn and never wakes one. */
export interface Reaction extends Event {
  kind: "reaction";
  /** The message that has the sign now. */
  messageId: string;
  sender: Person;
  /** As people see it: `👍`, or the platform's name for it in colons, such as `:party:`. */
  emoji: string;
  /** The message was sent by this bot, as far as the platform tells. */
  toUs?: boolean;
  /** The sign was put there by our own account. */
  fromUs?: boolean;
}
