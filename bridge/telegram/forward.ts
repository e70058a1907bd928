import { Trouble } from "../trouble.ts";
import type { PollOptions, Update } from "./poll.ts";
import { post, Unavailable } from "./request.ts";

/**
 * Hands an update to the Worker. Resolves when it is settled: taken, or refused for good, which is told and passed
 * over. Throws `Unavailable` when it may be taken later and `Trouble` when no update will be.
 */
export async function forward(update: Update, options: PollOptions): Promise<true> {
  const webhook = options.webhook();
  const secret = { "x-telegram-bot-api-secret-token": options.secret };
  const answer = await post(webhook, update, options, secret).catch(() => {
    throw new Unavailable(
      `Nothing answers at ${webhook}. Is nanoflare started (npm start)? Its PORT or STATE_DIR must be set here, too.`,
    );
  });
  const reason = await reasonIn(answer);
  if (answer.ok) return true;
  const said = `${webhook} answered ${answer.status}${reason && ` (${reason})`}`;
  switch (answer.status) {
    case 401:
    case 403:
      throw new Trouble(
        `${said}: TELEGRAM_WEBHOOK_SECRET differs from the one that nanoflare was started with.`,
      );
    case 404:
      throw new Trouble(`${said}: it takes no updates of Telegram. Mend that and start both again.`);
    case 408:
    case 429:
      throw new Unavailable(`${said} to update ${update.update_id}.`, pauseIn(answer));
  }
  if (answer.status < 400 || answer.status >= 500)
    throw new Unavailable(`${said} to update ${update.update_id}.`);
  options.say(`${said} to update ${update.update_id}, and would do so again: it is passed over.`);
  return true;
}

/** The first line of an answer. */
async function reasonIn(answer: Response): Promise<string> {
  const text = await answer.text().catch(() => "");
  return text.trim().split("\n")[0]!.slice(0, 200).replace(/\.$/, "");
}

function pauseIn(answer: Response): number | undefined {
  const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN);
  return seconds > 0 ? seconds * 1000 : undefined;
}
