/** What wakes the assistant. Channels say only what their platform said; the rule is here, once, for all of them. */

/** What the rule needs to know of a message. */
export interface Heard {
  text: string;
  sender: { id: string; isBot: boolean };
  fromUs?: boolean;
  mentioned: boolean;
  command?: { name: string };
  replyTo?: { fromUs: boolean };
}

/** What the rule needs to know of the group. */
export interface Gate {
  channel: string;
  main: boolean;
  type: "direct" | "group";
  /** ASSISTANT_NAME. */
  name: string;
  /** Undefined: `@` and the name. */
  trigger?: string;
  requiresTrigger: boolean;
  /** Undefined: everyone who may write in the group. An empty list is nobody. */
  allowFrom?: string[];
}

export interface Waking {
  wakes: boolean;
  /** Why, in plain words, for `/why`. */
  why: string;
}

/** Whether a message wakes the assistant. */
export function wakes(message: Heard, gate: Gate): Waking {
  if (message.fromUs) return no("it was sent by the assistant itself");
  if (message.sender.isBot) return no("bots do not wake the assistant");
  if (!allowed(message.sender, gate.channel, gate.allowFrom)) return no("the sender is not in ALLOW_FROM");
  if (gate.main || gate.type === "direct") return yes("every message counts here");
  if (message.command) return yes("it is a command");
  if (message.mentioned) return yes("it mentions the assistant");
  if (message.replyTo?.fromUs) return yes("it answers the assistant");
  if (!gate.requiresTrigger) return yes("this group needs no trigger");
  return startsWithTrigger(message.text, triggerOf(gate)) ? yes("it begins with the trigger") : no("it does not begin with the trigger");
}

/** Whether `ALLOW_FROM` names a person: `telegram:1001`, or `1001` for every channel. The console is always its owner's. */
export function allowed(sender: { id: string }, channel: string, allowFrom: string[] | undefined): boolean {
  if (channel === "web" || channel === "cli" || allowFrom === undefined) return true;
  return allowFrom.includes(sender.id) || allowFrom.includes(`${channel}:${sender.id}`);
}

/** What a message must begin with. */
export function triggerOf(gate: Pick<Gate, "trigger" | "name">): string {
  return gate.trigger ?? `@${gate.name}`;
}

/** Scripts that are written without spaces between words: anything may follow a name that ends in one. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]$/u;
/** What may stand right after a trigger: white space or punctuation; the end may as well. */
const BOUNDARY = /^[\s\p{P}\p{S}]/u;

function startsWithTrigger(text: string, trigger: string): boolean {
  return afterTrigger(text, trigger) !== undefined;
}

/** The text without its trigger, or as it is when it does not begin with one. */
export function withoutTrigger(text: string, trigger: string): string {
  return afterTrigger(text, trigger)?.replace(/^[\s,:;.!，：；。！、-]+/u, "") ?? text;
}

function afterTrigger(text: string, trigger: string): string | undefined {
  const [said, wanted] = [text.normalize("NFKC").trimStart(), trigger.normalize("NFKC").trim()];
  if (!wanted || folded(said.slice(0, wanted.length)) !== folded(wanted)) return undefined;
  const rest = said.slice(wanted.length);
  return rest === "" || UNSPACED.test(wanted) || BOUNDARY.test(rest) ? rest : undefined;
}

function folded(text: string): string {
  return text.toLocaleLowerCase("en");
}

function yes(why: string): Waking {
  return { wakes: true, why };
}

function no(why: string): Waking {
  return { wakes: false, why };
}
