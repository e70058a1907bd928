import type { Event, Person } from "./channel.ts";

/** A button below a message. Channels whose `Limits.buttons` is not set leave choices out: the text says it in words. */
export interface Choice {
  label: string;
  /** What comes back when it is pressed: at most 48 characters of ASCII. */
  value: string;
}

/** Somebody pressed a button of ours. `value` is only as true as whoever checks it: the presser may be anybody. */
export interface Press extends Event {
  kind: "press";
  sender: Person;
  /** Of the message that has the button. */
  messageId: string;
  value: string;
  /** The platform shows that it waits: `dismiss` it. It is never logged or shown. */
  answerTo?: string;
  /** Our own account presses nothing. */
  fromUs?: false;
}
