import { commandFor } from "./commands.ts";

/** What of a message decides whether it wakes the agent. The channels' messages have this shape. */
export interface Waking {
  sender: { id: string; aliases?: readonly string[]; isBot: boolean };
  text: string;
  /** The platform's own entities mention the bot. */
  mentioned: boolean;
  command?: { name: string };
  replyTo?: { fromUs: boolean };
  /** Sent by our own account. */
  fromUs?: boolean;
}

/** What of a group decides it. */
export interface Gate {
  /** The channel's name, e.g. `telegram`. */
  channel: string;
  main: boolean;
  type: "direct" | "group";
  /** ASSISTANT_NAME. */
  name: string;
  /** What a message must start with; `@` + name without it. */
  trigger?: string;
  requiresTrigger: boolean;
  /** ALLOW_FROM: `channel:id` or `id`. Undefined: no list; empty: nobody. */
  allowFrom?: readonly string[];
  /** This group's own list, of the same form. Undefined: everyone; empty: nobody. */
  allow?: readonly string[];
}

/** The verdict, with the reason for `/why`. */
export interface Wake {
  wakes: boolean;
  why: string;
}

/** The doors that check an owner's token themselves: ALLOW_FROM is about the platforms. */
const OWN_DOORS = new Set(["web", "cli"]);

/**
 * Whether a message wakes the agent of a registered group. Who may not wake it is asked first: bots, our own
 * messages and people who are not on the list never do, whatever they say.
 */
export function wakes(message: Waking, gate: Gate): Wake {
  const unheard = whyUnheard(message, gate);
  if (unheard) return { wakes: false, why: unheard };
  if (gate.main) return { wakes: true, why: "every message in main does" };
  if (gate.type === "direct") return { wakes: true, why: "every message in a direct chat does" };
  if (!gate.requiresTrigger) return { wakes: true, why: "this group needs no trigger" };
  if (message.command && commandFor(message.command.name)) return { wakes: true, why: "a command" };
  if (message.mentioned) return { wakes: true, why: "it mentions the assistant" };
  if (message.replyTo?.fromUs) return { wakes: true, why: "it replies to the assistant" };
  const trigger = triggerOf(gate);
  if (triggerEnd(message.text, trigger) > 0) return { wakes: true, why: `it starts with ${trigger}` };
  return { wakes: false, why: `it does not start with ${trigger}` };
}

/** What a message in this group must start with. */
export function triggerOf(gate: Pick<Gate, "trigger" | "name">): string {
  return gate.trigger?.trim() || `@${gate.name.trim()}`;
}

/**
 * Whether ALLOW_FROM lets this person in. An entry names an id on one channel (`telegram:1001`) or on every channel
 * (`1001`); an id that holds a colon needs the channel. So may an alias, which is another id
 * by the platform's word, such as a phone number. Names and usernames are never looked at.
 */
export function allowed(
  sender: { id: string; aliases?: readonly string[] },
  channel: string,
  allowFrom: readonly string[] | undefined,
): boolean {
  if (!sender.id) return false;
  if (!allowFrom || OWN_DOORS.has(channel)) return true;
  return [sender.id, ...(sender.aliases ?? [])].some((id) =>
    allowFrom.some((entry) => entry === `${channel}:${id}` || (!entry.includes(":") && entry === id)),
  );
}

/** Why a sender never wakes the agent, whatever they say; undefined for who may. */
export function whyUnheard(
  message: Pick<Waking, "sender" | "fromUs">,
  gate: Pick<Gate, "channel" | "allowFrom" | "allow">,
): string | undefined {
  if (message.fromUs) return "the assistant sent it itself";
  if (message.sender.isBot !== false) return "another bot sent it";
  if (!allowed(message.sender, gate.channel, gate.allowFrom)) return "the sender is not in ALLOW_FROM";
  if (!allowed(message.sender, gate.channel, gate.allow)) return "the sender is not on this group's list";
}

/** The text after the trigger and what sets it off, such as a comma; the whole text where it does not start so. */
export function withoutTrigger(text: string, trigger: string): string {
  const end = triggerEnd(text, trigger);
  return end === 0 ? text : text.slice(end).replace(/^(?:[\s,:;،，：；、。！…]|[.!–—-](?=\s|$))+/u, "");
}

/** Marks that platforms put around mentions and that nobody sees. Joiners are part of emoji and words and stay. */
const INVISIBLE = /(?![\u200C\u200D])\p{Default_Ignorable_Code_Point}/gu;
/** A word ends here. `_` is part of a name, a skin tone part of an emoji. */
const BOUNDARY = /^(?:\s|(?!_)\p{P}|(?!\p{Emoji_Modifier})\p{S})/u;
/** Scripts that put no space between words. `scx` also takes marks that several of them share. */
const UNSPACED =
  /[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Bopo}\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}]$/u;

/** Where the trigger ends at the start of a text; 0 where the text does not start with it. */
function triggerEnd(text: string, trigger: string): number {
  const wanted = folded(trigger.trim());
  const end = wanted ? lastMatch(text, wanted) : 0;
  const rest = text.slice(end);
  if (end === 0 || rest === "" || BOUNDARY.test(rest)) return end;
  // A combining mark would change the name's last letter.
  return UNSPACED.test(trigger.trim()) && !/^[\p{M}\u200C\u200D]/u.test(rest) ? end : 0;
}

/** The longest beginning of a text that reads like `wanted`: invisible marks behind a name belong to it. */
function lastMatch(text: string, wanted: string): number {
  let end = text.length - text.replace(/^(?:\s|\p{Cf})+/u, "").length;
  const start = end;
  let found = 0;
  for (const character of text.slice(start, start + 4 * wanted.length + 16)) {
    end += character.length;
    if (folded(text.slice(start, end)) === wanted) found = end;
  }
  return found;
}

/** One spelling for all that looks the same: width, composition, case, runs of space. */
function folded(text: string): string {
  const plain = text.normalize("NFKC").replace(INVISIBLE, "").replace(/\s+/g, " ");
  return plain.toUpperCase().toLowerCase().normalize("NFKC");
}
