import { triggerOf, withoutTrigger } from "../../agent/wake.ts";
import type { Message } from "../../channels/channel.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import { answerInWords } from "./words.ts";

/** `approve 3` said to the assistant, as the command that it stands for; nothing where no call of this number waits. */
export function answerIn(room: Room, parts: Parts, { text }: Message): Message["command"] {
  const trigger = triggerOf({ name: room.config.ASSISTANT_NAME, trigger: room.settings?.trigger });
  const answer = answerInWords(withoutTrigger(text, trigger));
  if (!answer || parts.approvals.get(answer.number)?.state !== "asked") return undefined;
  return { name: answer.verdict, args: `#${answer.number}` };
}
