import { afterCall } from "../call.ts";
import type { Message } from "../channel.ts";
import { textOf } from "./content.ts";
import type { TelegramEntity, TelegramMessage } from "./update.ts";

/** Whether and how a message is meant for the bot, by Telegram's own entities. */
export interface Addressed {
  mentioned: boolean;
  command?: Message["command"];
  /** The text without the mention of the bot that it begins with; the whole text where nothing else is said. */
  text: string;
}

/** Who the bot is. `username` is only called when an @name has to be compared. */
export interface Bot {
  id: number;
  username(): Promise<string>;
}

/** Reads mention, command and what is said besides. Rejects when the bot's name is needed and cannot be had. */
export async function addressedTo(bot: Bot, message: TelegramMessage): Promise<Addressed> {
  const text = textOf(message);
  const entities = (message.text === undefined ? message.caption_entities : message.entities) ?? [];
  const name = entities.some((entity) => namesSomeone(entity, text)) ? await bot.username() : undefined;
  const ours = (entity: TelegramEntity) => {
    if (entity.type === "text_mention") return entity.user?.id === bot.id;
    return name !== undefined && namesSomeone(entity, text) && nameIn(entity, text) === name;
  };
  const mention = entities.find((entity) => entity.type !== "bot_command" && ours(entity));
  return {
    mentioned: entities.some(ours),
    command: commandOf(entities, text, ours),
    text: mention ? besides(mention, text) : text,
  };
}

/** A mention at the start is how people call the bot, with what sets it off: nothing that the model need read. */
function besides(mention: TelegramEntity, text: string): string {
  if (text.slice(0, mention.offset).trim() !== "") return text;
  return afterCall(text.slice(mention.offset + mention.length)) || text;
}

function commandOf(
  entities: TelegramEntity[],
  text: string,
  ours: (entity: TelegramEntity) => boolean,
): Message["command"] {
  const entity = entities.find(({ type, offset }) => type === "bot_command" && offset === 0);
  if (!entity || (namesSomeone(entity, text) && !ours(entity))) return undefined;
  const name = textIn(entity, text).slice(1).split("@")[0]!.toLowerCase();
  return { name, args: text.slice(entity.length).trim() };
}

/** `@name`, or a command for one bot: `/stop@name`. */
function namesSomeone(entity: TelegramEntity, text: string): boolean {
  return entity.type === "mention" || (entity.type === "bot_command" && textIn(entity, text).includes("@"));
}

function nameIn(entity: TelegramEntity, text: string): string {
  return textIn(entity, text).split("@")[1]?.toLowerCase() ?? "";
}

/** Telegram counts offsets in UTF-16 units, as strings do. */
function textIn(entity: TelegramEntity, text: string): string {
  return text.slice(entity.offset, entity.offset + entity.length);
}
