/** Where the Bot API lives, without a slash at its end: `TELEGRAM_API_ROOT`, or Telegram's own. */
export function apiRoot(vars: { [name: string]: string | undefined }): string {
  return (vars.TELEGRAM_API_ROOT ?? "https://api.telegram.org").replace(/\/+$/, "");
}

/** The updates that are understood. https://core.telegram.org/bots/api#update */
export const UPDATES = ["message", "edited_message", "callback_query", "message_reaction"] as const;
