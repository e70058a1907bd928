import { existsSync, readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";

/** What the poller needs of the outside. */
export interface PollOptions {
  token: string;
  /** The Bot API's root, without a slash at its end. */
  apiRoot: string;
  /** Where updates go, e.g. `http://127.0.0.1:8787/webhook/telegram`. */
  webhook: string;
  secret: string;
  fetch: typeof fetch;
  /** Tells the person at the terminal one line. */
  say(line: string): void;
  /** Waits so many milliseconds, less when the signal aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  signal: AbortSignal;
}

/** Something that waiting does not mend. The message is one line for the terminal. */
export class PollError extends Error {}

const KINDS = ["message", "edited_message", "callback_query", "my_chat_member", "message_reaction"];
const LONG_POLL_SECONDS = 30;

/**
 * Forwards updates of the Bot API to the local Worker, in order, until the signal aborts. An update is confirmed to
 * Telegram only after the Worker's 2xx. Rejects with `PollError` on a wrong token or secret and on a second poller.
 */
export async function poll(options: PollOptions): Promise<void> {
  await removeWebhook(options);
  if (options.signal.aborted) return;
  options.say(`Forwarding Telegram's updates to ${options.webhook}. Stop with Ctrl-C.`);
  let offset: number | undefined;
  while (!options.signal.aborted) {
    const query = { offset, timeout: LONG_POLL_SECONDS, allowed_updates: KINDS };
    for (const update of (await patiently(() => telegram<Update[]>("getUpdates", query, options), options)) ??
      []) {
      const forwarded = await patiently(() => forward(update, options), options);
      if (!forwarded) break;
      offset = update.update_id + 1;
    }
  }
  // The last update that went through is confirmed by the next question for more; ask it now, and for nothing new.
  if (offset !== undefined) await confirm(offset, options);
}

interface Update {
  update_id: number;
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
      if (error instanceof PollError) throw error;
      const { message, afterMs = pause } = error as Unavailable;
      options.say(`${message} Next try in ${Math.ceil(afterMs / 1000)} s.`);
      await options.wait(afterMs, options.signal);
    }
  }
  return undefined;
}

/** Something that waiting may mend. */
class Unavailable extends Error {
  afterMs: number | undefined;
  constructor(message: string, afterMs?: number) {
    super(message);
    this.afterMs = afterMs;
  }
}

async function forward(update: Update, options: PollOptions): Promise<true> {
  const headers = { "content-type": "application/json", "x-telegram-bot-api-secret-token": options.secret };
  const body = JSON.stringify(update);
  const answer = await request(options.webhook, { method: "POST", headers, body }, options).catch(() => {
    throw new Unavailable(`Nothing answers at ${options.webhook}; is nanoflare started (npm start)?`);
  });
  await answer.body?.cancel();
  if (answer.ok) return true;
  if (answer.status === 401) {
    throw new PollError(
      `${options.webhook} refuses our secret (401): TELEGRAM_WEBHOOK_SECRET differs from the one it was started with.`,
    );
  }
  throw new Unavailable(`${options.webhook} answered ${answer.status} to update ${update.update_id}.`);
}

async function telegram<T>(method: string, query: object, options: PollOptions): Promise<T> {
  const url = `${options.apiRoot}/bot${options.token}/${method}`;
  const headers = { "content-type": "application/json" };
  const answer = await request(url, { method: "POST", headers, body: JSON.stringify(query) }, options)
    .then((response) => response.json() as Promise<Answer<T>>)
    .catch(() => {
      // The error of fetch may hold the URL, and the URL holds the token.
      throw new Unavailable("Telegram does not answer.");
    });
  if (answer.ok) return answer.result;
  throw refusal(answer);
}

type Answer<T> = { ok: true; result: T } | Refusal;
interface Refusal {
  ok: false;
  error_code?: number;
  description?: string;
  parameters?: { retry_after?: number };
}

function refusal({ error_code, description, parameters }: Refusal): Error {
  switch (error_code) {
    case 401:
    case 404:
      return new PollError(
        `Telegram does not know this TELEGRAM_BOT_TOKEN (${error_code}); @BotFather shows the right one.`,
      );
    case 409:
      return new PollError(
        "Another program polls this bot, or set a webhook for it (409): stop that one, then start again.",
      );
    case 429:
      return new Unavailable("Telegram asks for a pause (429).", (parameters?.retry_after ?? 5) * 1000);
    default:
      return new Unavailable(
        `Telegram answered ${error_code ?? "nothing useful"}: ${description ?? "no reason given"}.`,
      );
  }
}

/** A long poll answers after its own time at the latest; a request that takes much longer hangs. */
function request(url: string, init: RequestInit, options: PollOptions): Promise<Response> {
  const hung = AbortSignal.timeout((LONG_POLL_SECONDS + 15) * 1000);
  return options.fetch(url, { ...init, redirect: "manual", signal: AbortSignal.any([options.signal, hung]) });
}

async function confirm(offset: number, options: PollOptions): Promise<void> {
  const last = { ...options, signal: AbortSignal.timeout(2000) };
  await telegram("getUpdates", { offset, timeout: 0, limit: 1 }, last).catch(() => undefined);
}

/** Reads options from the environment, then from `.dev.vars` in `folder`. Throws `PollError` when one is missing. */
export function optionsFrom(env: NodeJS.ProcessEnv, folder: string) {
  const vars = { ...devVars(folder), ...env };
  const token = vars.TELEGRAM_BOT_TOKEN;
  if (!token) throw new PollError("TELEGRAM_BOT_TOKEN is not set: put it into the environment or .dev.vars.");
  const host = !vars.HOST || vars.HOST === "0.0.0.0" || vars.HOST === "::" ? "127.0.0.1" : vars.HOST;
  return {
    token,
    apiRoot: (vars.TELEGRAM_API_ROOT || "https://api.telegram.org").replace(/\/+$/, ""),
    webhook: `http://${host.includes(":") ? `[${host}]` : host}:${vars.PORT || 8787}/webhook/telegram`,
    secret: vars.TELEGRAM_WEBHOOK_SECRET || storedSecret(resolve(folder, vars.STATE_DIR || ".nanoflare")),
  };
}

function devVars(folder: string): NodeJS.Dict<string> {
  const file = join(folder, ".dev.vars");
  return existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
}

/** The local start makes a secret and keeps it beside its state. */
function storedSecret(stateDir: string): string {
  const file = join(stateDir, "telegram-webhook-secret");
  if (existsSync(file)) return readFileSync(file, "utf8").trim();
  throw new PollError(
    "TELEGRAM_WEBHOOK_SECRET is not set and nanoflare has not made one yet: run npm start first.",
  );
}

async function main(): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const wait = (ms: number, signal: AbortSignal) => sleep(ms, undefined, { signal }).catch(() => undefined);
  const say = (line: string) => console.log(line);
  await poll({ ...optionsFrom(process.env, process.cwd()), fetch, say, wait, signal: stop.signal });
}

const script = process.argv[1];
if (script && existsSync(script) && realpathSync(script) === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    console.error(
      error instanceof PollError ? error.message : `telegram:poll failed: ${(error as Error).message}`,
    );
    process.exitCode = 1;
  });
}
