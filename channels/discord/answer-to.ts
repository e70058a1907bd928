import { timeOf } from "./place.ts";

/**
 * An interaction's token is good for 15 minutes.
 * https://discord.com/developers/docs/interactions/receiving-and-responding#followup-messages
 */
const LIFE_MS = 15 * 60_000;
/** What is sent so shortly before the end might arrive after it. */
const SPARE_MS = 30_000;
/** So young, an interaction may not have heard yet that it will be answered later: Discord does not know it until then. */
const YOUNG_MS = 10_000;

/** What it takes to answer an interaction. `private`: only the person who used the command sees the answer. */
export interface Ticket {
  id: string;
  token: string;
  private: boolean;
}

const FORM = /^interaction:(open|private):(\d+):([\w.+/=-]+)(?:#(\d+))?$/;

/** A ticket as `Message.answerTo`. */
export function answerTo(ticket: Ticket): string {
  return `interaction:${ticket.private ? "private" : "open"}:${ticket.id}:${ticket.token}`;
}

/** The id of a message that was said with a ticket: it can be changed with the same ticket. */
export function idWith(ticket: Ticket, messageId: string): string {
  return `${answerTo(ticket)}#${messageId}`;
}

/** Reads both; undefined for the plain id of a message. */
export function ticketIn(text: string | undefined): (Ticket & { messageId?: string }) | undefined {
  const found = FORM.exec(text ?? "");
  if (!found) return undefined;
  const [, audience, id, token, messageId] = found;
  return { id: id!, token: token!, private: audience === "private", ...(messageId ? { messageId } : {}) };
}

export function isLive(ticket: Ticket, now: number): boolean {
  return now < timeOf(ticket.id) + LIFE_MS - SPARE_MS;
}

export function isYoung(ticket: Ticket, now: number): boolean {
  return now < timeOf(ticket.id) + YOUNG_MS;
}
