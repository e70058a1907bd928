import { Trouble } from "../trouble.ts";
import type { PollOptions } from "./poll.ts";
import { post, Unavailable } from "./request.ts";

type Answer<T> = { ok: true; result: T } | Refusal;
interface Refusal {
  ok: false;
  error_code?: number;
  description?: string;
  parameters?: { retry_after?: number };
}

/** Somebody else takes the bot's updates. */
export class Conflict extends Trouble {}

/** Calls a method of the Bot API. Throws `Unavailable` when it may work later, `Trouble` when it will not. */
export async function telegram<T>(method: string, query: object, options: PollOptions): Promise<T> {
  const answer = await post(`${options.apiRoot}/bot${options.token}/${method}`, query, options)
    .then((response) => response.json() as Promise<Answer<T>>)
    .catch(() => {
      // The error of fetch may hold the URL, and the URL holds the token.
      throw new Unavailable("Telegram does not answer.");
    });
  if (answer.ok) return answer.result;
  throw refusal(answer);
}

function refusal({ error_code, description, parameters }: Refusal): Error {
  switch (error_code) {
    case 401:
    case 404:
      return new Trouble(
        `Telegram does not know this TELEGRAM_BOT_TOKEN (${error_code}); @BotFather shows the right one.`,
      );
    case 409:
      return new Conflict(
        "Another program polls this bot, or set a webhook for it (409): only one can, stop the other.",
      );
    case 429:
      return new Unavailable("Telegram asks for a pause (429).", (parameters?.retry_after ?? 5) * 1000);
    default:
      return new Unavailable(
        `Telegram answered ${error_code ?? "nothing useful"}: ${description ?? "no reason given"}.`,
      );
  }
}
