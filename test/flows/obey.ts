import { env } from "cloudflare:workers";
import { onTestFinished } from "vitest";
import { deliver, direct, fresh, inGroup, peers, register, room } from "./talk.ts";

export interface Call {
  name: string;
  arguments: Record<string, unknown> | string;
}

export const call = (name: string, args: Record<string, unknown> | string = {}): Call => ({
  name,
  arguments: args,
});

export const directory = () => env.DIRECTORY.getByName("directory");

/** A registered group, negative as Telegram's are. */
export async function newGroup(): Promise<number> {
  const chat = -fresh();
  await register(chat);
  return chat;
}

/** A group that is main until its test ends: every main is told what happens to others, and waits its turn for it. */
export async function newMain(): Promise<number> {
  const chat = await newGroup();
  await becomeMain(chat);
  return chat;
}

/** Makes a chat main until its test ends. */
export async function becomeMain(chat: number): Promise<void> {
  await command(chat, `/main ${await directory().mainCode()}`);
  endsWithItsTest(chat);
}

/** A chat that a test made main is none after it. */
export function endsWithItsTest(chat: number): void {
  onTestFinished(async () => void (await directory().remove(`telegram:${chat}`)));
}

/** Somebody types a command. */
export function command(chat: number, text: string, more: Record<string, unknown> = {}): Promise<Response> {
  const length = text.split(" ")[0]!.length;
  const entities = [{ type: "bot_command", offset: 0, length }];
  return deliver((chat < 0 ? inGroup : direct)(chat, text, { entities, ...more }));
}

/** A model that makes all these calls in one turn of a chat. Answers what each was answered, in order. */
export async function obeys(chat: number, calls: Call[], answer = "Done."): Promise<string[]> {
  const key = `obey-${fresh()}`;
  await peers.script(key, { toolCalls: calls }, { text: answer });
  const before = (await peers.shown(chat)).length;
  await deliver((chat < 0 ? inGroup : direct)(chat, `@Flare ${key} please`));
  const seen = (await peers.requests(key, 2)).at(-1)!;
  await peers.shown(chat, before + 1);
  const results = seen.body.messages.filter(({ role }) => role === "tool").slice(-calls.length);
  return results.map(({ content }) => String(content));
}

/** What a chat's audit keeps, the newest first, as lines. */
export async function audit(chat: number): Promise<string[]> {
  return (await room(chat).audit(200)).map(({ who, what, detail }) => `${who}: ${what}: ${detail}`);
}
