import { join } from "node:path";
import type { PollOptions } from "../bridge/telegram/poll.ts";
import { apiRoot } from "../channels/telegram/root.ts";
import { runningUrl } from "./local/running.ts";
import { type LocalSettings, readSettings } from "./local/settings.ts";
import { readSecret, TELEGRAM_SECRET_FILE } from "./local/state.ts";
import { Trouble } from "./trouble.ts";

/**
 * Reads what the local start reads: the environment, then `.dev.vars` in `folder`, then the state. Throws `Trouble`
 * when something is missing.
 */
export function optionsFrom(
  env: NodeJS.ProcessEnv,
  folder?: string,
): Pick<PollOptions, "token" | "apiRoot" | "webhook" | "secret"> {
  const settings = readSettings(env, folder);
  const token = settings.vars.TELEGRAM_BOT_TOKEN;
  if (!token) throw new Trouble("TELEGRAM_BOT_TOKEN is not set: put it into the environment or .dev.vars.");
  return {
    token,
    apiRoot: apiRoot(settings.vars),
    webhook: () => `${urlOf(settings)}/webhook/telegram`,
    secret: secretOf(settings),
  };
}

/** The install may be started later than this, and elsewhere. */
function urlOf({ chosen, url, stateDir }: LocalSettings): string {
  return chosen ? url : (runningUrl(stateDir) ?? url);
}

function secretOf({ vars, stateDir }: LocalSettings): string {
  const secret = vars.TELEGRAM_WEBHOOK_SECRET ?? readSecret(join(stateDir, TELEGRAM_SECRET_FILE));
  if (secret) return secret;
  throw new Trouble(
    "TELEGRAM_WEBHOOK_SECRET is not set and nanoflare has not made one yet: run npm start first.",
  );
}
