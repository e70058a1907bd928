import * as z from "zod";
import { type Address, type Message, type Person, parseAddress } from "../channel.ts";
import { commandIn } from "../command.ts";
import type { Press } from "../press.ts";
import type { ClientFrame } from "./frames.ts";

/** Longest message that a person may send at once, in UTF-16 units. */
export const MESSAGE_CAP = 32 * 1024;

const id = z.string().min(1).max(64);
const tooLong = `The message is too long; write at most ${MESSAGE_CAP.toLocaleString("en")} characters.`;

/** What a person says at a console, through whichever door. */
export const saidSchema = z.object({
  key: id,
  text: z
    .string()
    .max(MESSAGE_CAP, tooLong)
    .refine((text) => text.trim() !== "", "The message is empty."),
});

const clientFrame = z.discriminatedUnion("type", [
  z.object({ type: z.literal("hello"), after: id.optional() }),
  saidSchema.extend({ type: z.literal("send") }),
  z.object({ type: z.literal("older"), before: id }),
  z.object({ type: z.literal("press"), key: id, message: id, value: z.string().min(1).max(64) }),
  z.object({ type: z.literal("stop") }),
]);

const keyed = z.object({ type: z.literal("send"), key: id });

/**
 * Reads what a page says. `error` is a sentence for the person who sees the page, `key` the message that it is about.
 * Never throws.
 */
export function parseClientFrame(text: string): ClientFrame | { error: string; key?: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { error: "The page sent something that is no JSON; reload it." };
  }
  const frame = clientFrame.safeParse(value);
  if (frame.success) return frame.data;
  const issue = frame.error.issues[0];
  const about = keyed.safeParse(value);
  const isText = issue?.path[0] === "text" && (issue.code === "custom" || issue.code === "too_big");
  return {
    error: isText ? issue.message : "The page sent a frame that this version does not know; reload it.",
    ...(about.success ? { key: about.data.key } : {}),
  };
}

/** A page's message as an event of its group. Sent again with the same key, it is the same event. */
export function inboundFrom(
  frame: Extract<ClientFrame, { type: "send" }>,
  from: { address: Address; sender: Person; now: number },
): Message {
  const key = `web:${frame.key}`;
  return {
    kind: "message",
    address: from.address,
    key,
    chat: { id: parseAddress(from.address).chatId, type: "direct" },
    sentAt: from.now,
    messageId: frame.key,
    sender: from.sender,
    text: frame.text.toWellFormed(),
    mentioned: false,
    command: commandIn(frame.text),
    attachments: [],
  };
}

/** A button that was pressed on a page, as an event of its group. */
export function pressFrom(
  frame: Extract<ClientFrame, { type: "press" }>,
  from: { address: Address; sender: Person; now: number },
): Press {
  return {
    kind: "press",
    address: from.address,
    key: `web:${frame.key}`,
    chat: { id: parseAddress(from.address).chatId, type: "direct" },
    sentAt: from.now,
    sender: from.sender,
    messageId: frame.message,
    value: frame.value,
  };
}
