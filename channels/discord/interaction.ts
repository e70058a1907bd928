import type { Attachment, Inbound, Message, Person, Received } from "../channel.ts";
import { commandIn } from "../command.ts";
import { answerTo } from "./answer-to.ts";
import { loose } from "./content.ts";
import { personOf, placeOf, timeOf } from "./place.ts";
import { pressIn } from "./press.ts";
import {
  buttonSchema,
  type DiscordInteraction,
  type DiscordSlash,
  interactionSchema,
  slashSchema,
} from "./schema.ts";

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-object-interaction-type */
const PING = 1;
const SLASH = 2;
const BUTTON = 3;
const AUTOCOMPLETE = 4;

/** https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object */
const MESSAGE = 4;
const LATER = 5;
/** Of a button: its message is changed later, or stays as it is. */
const UPDATE_LATER = 6;
const EPHEMERAL = 64;

/** A direct chat of other people, into which somebody brought the app along: the bot cannot speak there. */
const FOREIGN_CHAT = 2;

/** What belongs to the conversation is seen by all of its channel; every other command answers who asked. */
const OPEN = new Set(["ask", "new", "stop", "compact"]);

const UNHEARD =
  "I do not answer this here. Either nobody has registered this channel with me yet, or you are not on its list.";
const UNKNOWN = "I do not know what to do with this. Try /help.";
const ELSEWHERE = "I can only talk in servers that I am in, and in a direct chat with me.";

/**
 * Reads an interaction whose signature is verified: the event, and what Discord is told at once, which is that the
 * answer comes later. 400 for what is none.
 */
export function readInteraction(value: unknown): Received {
  if (typeOf(value) === PING) return { status: 200, json: { type: PING }, events: [] };
  if (typeOf(value) === AUTOCOMPLETE)
    return { status: 200, json: { type: 8, data: { choices: [] } }, events: [] };
  const parsed = interactionSchema.safeParse(withChannel(value));
  if (!parsed.success) return { status: 400, body: "Not an interaction.", events: [] };
  if (parsed.data.context === FOREIGN_CHAT) return { status: 200, json: told(ELSEWHERE), events: [] };
  const said = saidIn(parsed.data);
  const sender = senderOf(parsed.data);
  const press = !said && sender && parsed.data.type === BUTTON ? pressIn(parsed.data, sender) : undefined;
  if (press) return { status: 200, json: { type: UPDATE_LATER }, events: [press] };
  if (!said || !sender) return { status: 200, json: told(UNKNOWN), events: [] };
  return received(parsed.data, sender, said);
}

interface Said {
  text: string;
  command?: Message["command"];
  attachments: Attachment[];
}

function received(interaction: DiscordInteraction, sender: Person, said: Said): Received {
  const { id, token } = interaction;
  const place = placeOf(interaction.channel, sender);
  const isPrivate = place.chat.type === "group" && !OPEN.has(said.command?.name ?? "ask");
  const event: Inbound = {
    kind: "message",
    ...place,
    key: `interaction:${id}`,
    sentAt: timeOf(id),
    messageId: id,
    sender,
    ...said,
    mentioned: true,
    answerTo: answerTo({ id, token, private: isPrivate }),
  };
  const later = { type: LATER, ...(isPrivate ? { data: { flags: EPHEMERAL } } : {}) };
  return { status: 200, json: later, unanswered: told(UNHEARD), events: [event] };
}

function saidIn({ type, data }: DiscordInteraction): Said | undefined {
  if (type === SLASH) {
    const slash = slashSchema.safeParse(data);
    return slash.success ? slashSaid(slash.data) : undefined;
  }
  const button = type === BUTTON ? buttonSchema.safeParse(data) : undefined;
  const command = button?.success ? commandIn(button.data.custom_id) : undefined;
  return command && { text: `/${command.name} ${command.args}`.trim(), command, attachments: [] };
}

/** `/ask` is how people talk without a companion; every other slash command is the chat command of its name. */
function slashSaid(slash: DiscordSlash): Said {
  const name = slash.name.toLowerCase();
  const args = words(slash).join(" ").trim();
  const attachments = Object.values(slash.resolved?.attachments ?? {}).map(loose);
  if (name === "ask") return { text: args, attachments };
  return { text: `/${name} ${args}`.trim(), command: { name, args }, attachments };
}

/** The values in their order; a subcommand is a word before its own. A file's value is only its number. */
function words({ options = [] }: { options?: DiscordSlash["options"] }): string[] {
  const [SUBCOMMAND, GROUP, FILE] = [1, 2, 11];
  return options
    .filter(({ type }) => type !== FILE)
    .flatMap((option) =>
      option.type === SUBCOMMAND || option.type === GROUP
        ? [option.name, ...words(option)]
        : [String(option.value ?? "")],
    );
}

function senderOf({ member, user }: DiscordInteraction): Person | undefined {
  if (member) return personOf(member.user, member.nick);
  return user && personOf(user);
}

/** A message that only the person sees. */
function told(content: string) {
  return { type: MESSAGE, data: { content, flags: EPHEMERAL, allowed_mentions: { parse: [] } } };
}

function typeOf(value: unknown): unknown {
  return (value as { type?: unknown } | null)?.type;
}

/** Older payloads name only the channel's id; without a server it is the direct chat with the bot. */
function withChannel(value: unknown): unknown {
  const { channel, channel_id, guild_id } = (value ?? {}) as Record<string, unknown>;
  if (channel !== undefined || channel_id === undefined) return value;
  return { ...(value as object), channel: { id: channel_id, type: guild_id === undefined ? 1 : 0 } };
}
