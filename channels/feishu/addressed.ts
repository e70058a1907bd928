import { afterCall } from "../call.ts";
import type { Message } from "../channel.ts";
import type { FeishuMention } from "./event.ts";

/** Whether and how a message is meant for the bot, by the platform's own list of mentions. */
export interface Addressed {
  mentioned: boolean;
  command?: Message["command"];
  /** The text with names for keys, without the mention of the bot that it begins with unless nothing else is said. */
  text: string;
}

/** Reads mention, command and what is said besides. `botId` is the bot's open_id, undefined where nobody is mentioned. */
export function addressedTo(
  botId: string | undefined,
  text: string,
  mentions: readonly FeishuMention[],
): Addressed {
  const ours = mentions.filter(({ id }) => botId !== undefined && id === botId);
  const called = beginning(text, ours);
  const rest = called === undefined ? text : besides(text, called);
  return {
    mentioned: ours.length > 0,
    command: commandOf(rest, mentions),
    text: named(rest.trim() === "" ? text : rest, mentions),
  };
}

/** Keys as the names behind them. `@_all` is everyone, and no mention of us. */
export function named(text: string, mentions: readonly FeishuMention[]): string {
  const names = new Map(mentions.map(({ key, name }) => [key, name]));
  return text.replace(/@_(?:user_\d+|all)/g, (key) =>
    key === "@_all" ? "@all" : names.get(key) ? `@${names.get(key)}` : key,
  );
}

/** Where the mention of the bot ends that the text begins with. */
function beginning(text: string, ours: readonly FeishuMention[]): number | undefined {
  const [start, key] = /^\s*(@_user_\d+)/.exec(text) ?? [];
  return start !== undefined && ours.some((mention) => mention.key === key) ? start.length : undefined;
}

/** A mention at the start is how people call the bot, with what sets it off: nothing that the model need read. */
function besides(text: string, end: number): string {
  const rest = text.slice(end);
  return /^['’\w]/.test(rest) ? text : afterCall(` ${rest}`);
}

/** Feishu has no entity for commands: a slash and a name at the very start, or right behind our mention. */
function commandOf(text: string, mentions: readonly FeishuMention[]): Message["command"] {
  const [all, name] = /^\s*\/([a-z][\w-]{0,31})(?=\s|$)/i.exec(text) ?? [];
  if (all === undefined || name === undefined) return undefined;
  return { name: name.toLowerCase(), args: named(text.slice(all.length), mentions).trim() };
}
