import { UPDATES } from "../../channels/telegram/root.ts";
import { telegram } from "./bot-api.ts";
import { forward } from "./forward.ts";
import { LONG_POLL_SECONDS, Unavailable } from "./request.ts";

/** What the poller needs of the outside. */
export interface PollOptions {
  token: string;
  /** The Bot API's root, without a slash at its end. */
  apiRoot: string;
  /** Where updates go at this moment, e.g. `http://127.0.0.1:8787/webhook/telegram`. */
  webhook(): string;
  secret: string;
  fetch: typeof fetch;
  /** Tells the person at the terminal one line. */
  say(line: string): void;
  /** Waits so many milliseconds, less when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
}

/** As the Bot API gives it; all else in it is the Worker's to read. */
export interface Update {
  update_id: number;
}

/**
 * Forwards updates of the Bot API to the local Worker, in order, until the signal aborts. An update is confirmed to
 * Telegram only after the Worker took it, or refused it for good. Rejects with `Trouble` for what waiting does not
 * mend: a wrong token or secret, a channel that is switched off, a second poller.
 */
export async function poll(options: PollOptions): Promise<void> {
  await removeWebhook(options);
  if (options.signal.aborted) return;
  options.say(`Forwarding Telegram's updates to ${options.webhook()}. Stop with Ctrl-C.`);
  let offset: number | undefined;
  while (!options.signal.aborted) {
    const query = { offset, timeout: LONG_POLL_SECONDS, allowed_updates: UPDATES };
    const updates = await patiently(() => telegram<Update[]>("getUpdates", query, options), options);
    for (const update of updates ?? []) {
      const settled = await patiently(() => forward(update, options), options);
      if (!settled) break;
      offset = update.update_id + 1;
    }
  }
  // The last update that went through is confirmed by the next question for more; ask it now, and for nothing new.
  if (offset !== undefined) await confirm(offset, options);
}

/** Telegram gives no updates to a poller while a webhook is set. */
async function removeWebhook(options: PollOptions): Promise<void> {
  const info = await patiently(() => telegram<{ url: string }>("getWebhookInfo", {}, options), options);
  if (!info?.url) return;
  options.say(
    `This bot has a webhook (${new URL(info.url).host}). Polling cannot work beside it: it is removed now.`,
  );
  await patiently(() => telegram<boolean>("deleteWebhook", {}, options), options);
}

/** Tries again with growing pauses until it works. Undefined when the signal aborts first. */
async function patiently<T>(attempt: () => Promise<T>, options: PollOptions): Promise<T | undefined> {
  for (let pause = 1000; !options.signal.aborted; pause = Math.min(pause * 2, 30_000)) {
    try {
      return await attempt();
    } catch (error) {
      if (options.signal.aborted) return undefined;
      if (!(error instanceof Unavailable)) throw error;
      const { message, afterMs = pause } = error;
      options.say(`${message} Next try in ${Math.ceil(afterMs / 1000)} s.`);
      await options.wait(afterMs, options.signal);
    }
  }
  return undefined;
}

async function confirm(offset: number, options: PollOptions): Promise<void> {
  const last = { ...options, signal: AbortSignal.timeout(2000) };
  await telegram("getUpdates", { offset, timeout: 0, limit: 1 }, last).catch(() => undefined);
}
