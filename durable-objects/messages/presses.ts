import type { Message } from "../../channels/channel.ts";
import type { Press } from "../../channels/press.ts";
import type { Admission } from "../admission.ts";
import { answerApproval } from "../approvals/answer.ts";
import { deciderOf } from "../approvals/decider.ts";
import { answerIn } from "../approvals/words.ts";
import type { Parts } from "../parts.ts";
import type { Room } from "../room.ts";
import type { Receipt } from "../rpc.ts";

/** A platform that has not heard yet that the press was taken is told again, so often. */
const TRIES = 3;

/**
 * A button that somebody pressed who may speak here. Its row and what it decides are one transaction, so it counts once,
 * however often it is delivered; the platform hears of it after that.
 */
export async function receivePress(
  room: Room,
  parts: Parts,
  admission: Admission,
  press: Press,
): Promise<Receipt> {
  if (parts.inbox.knows(press.key)) return known(room, parts, press);
  const answer = answerIn(press.value);
  const by = deciderOf(room, press.sender);
  if (!answer || !by) {
    const reason = "this button is not one of mine";
    dismissPress(room, press, "I do not know this button any more.");
    return admission.drop(press, reason);
  }
  const effect = await answerApproval(room, parts, admission.directory, answer, by);
  const done = room.transaction(() => {
    const id = parts.inbox.add(asMessage(press), "command");
    return id ? { id, said: effect().said } : undefined;
  });
  if (!done) return known(room, parts, press);
  dismissPress(room, press, done.said);
  parts.pump();
  return { outcome: "accepted", id: done.id };
}

/** The platform need not wait any more; `text` is for whoever pressed. Best effort. */
export function dismissPress(room: Room, press: Press, text?: string): void {
  if (press.answerTo) void dismiss(room, press.answerTo, text);
}

async function dismiss(room: Room, answerTo: string, text?: string): Promise<void> {
  const send = { type: "dismiss" as const, to: { chatId: room.chatId }, answerTo, ...(text ? { text } : {}) };
  for (let tries = 0; tries < TRIES; tries++) {
    const sent = await room.channel?.send(send, room.channelEnv);
    if (sent?.outcome !== "retry") return;
    await scheduler.wait(Math.min(sent.afterMs, 1000));
  }
}

function known(room: Room, parts: Parts, press: Press): Receipt {
  dismissPress(room, press);
  return { outcome: "duplicate", id: parts.inbox.idOf(press.key) };
}

/** The row of a press says which button it was. */
function asMessage({ answerTo: _, value, ...event }: Press): Message {
  return { ...event, kind: "message", text: `[${value}]`, mentioned: true, attachments: [] };
}
