import type { Person } from "../channel.ts";
import type { Choice, Press } from "../press.ts";
import { answerTo, type Ticket, ticketIn } from "./answer-to.ts";
import { placeOf, timeOf } from "./place.ts";
import { buttonSchema, type DiscordInteraction } from "./schema.ts";

/** Buttons whose id begins so are choices; the others are commands. */
const MARK = "press:";

/** https://discord.com/developers/docs/components/reference#button: one row below the message, grey. */
export function buttons(choices: readonly Choice[] = []) {
  if (choices.length === 0) return [];
  const row = choices.map(({ label, value }) => ({ type: 2, style: 2, label, custom_id: MARK + value }));
  return [{ type: 1, components: row }];
}

/** A choice that was pressed; undefined for any other button. */
export function pressIn(interaction: DiscordInteraction, sender: Person): Press | undefined {
  const { id, token, channel, message, data } = interaction;
  const button = buttonSchema.safeParse(data);
  if (!button.success || !message || !button.data.custom_id.startsWith(MARK)) return undefined;
  return {
    kind: "press",
    ...placeOf(channel, sender),
    key: `interaction:${id}`,
    sentAt: timeOf(id),
    sender,
    messageId: message.id,
    value: button.data.custom_id.slice(MARK.length),
    answerTo: MARK + answerTo({ id, token, private: true }),
  };
}

/** The ticket of a press: what is said with it is said beside the message that has the button. */
export function pressedTicket(text: string): Ticket | undefined {
  return text.startsWith(MARK) ? ticketIn(text.slice(MARK.length)) : undefined;
}
