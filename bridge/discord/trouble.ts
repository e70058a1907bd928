import { DiscordAPIError } from "@discordjs/rest";

const AGAIN = "then start the companion again.";
const TOKEN = `Discord does not know DISCORD_BOT_TOKEN: the application's page shows a new one under "Bot", ${AGAIN}`;

/** Why the Gateway closes for good: https://discord.com/developers/docs/topics/opcodes-and-status-codes#gateway */
const FIXES: Record<number, string> = {
  4004: TOKEN,
  4013: `Discord knows no such DISCORD_INTENTS: correct the number, ${AGAIN}`,
  4014: `Discord does not allow this bot all of DISCORD_INTENTS: switch the privileged intents on under "Bot" on the application's page, or take them out of the number, ${AGAIN}`,
};

/** What is wrong, and what to do about it where that is known. `code`: how the Gateway closed last. */
export function problemOf(error: Error, code = 0): string {
  const known = FIXES[isOfStatus(error, 401) ? 4004 : code];
  return (known ?? `Discord: ${error.message}`).slice(0, 300);
}

/** Whether it may be answered later: not when Discord's word is that there is nothing for us. */
export function isPassing(error: unknown): boolean {
  return ![400, 403, 404].some((status) => isOfStatus(error, status));
}

/** Whether the API answered with this status. */
export function isOfStatus(error: unknown, status: number): boolean {
  return error instanceof DiscordAPIError && error.status === status;
}
