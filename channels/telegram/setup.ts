import { GrammyError } from "grammy/web";
import type { ChannelEnv, Install, Report } from "../channel.ts";
import { isYes } from "../enabled.ts";
import { shorten } from "../shorten.ts";
import { apiOf } from "./api.ts";
import { UPDATES } from "./root.ts";

/** Gives Telegram the webhook with its secret and the commands, then asks what it has. */
export async function setup({ url, commands }: Install, env: ChannelEnv): Promise<Report> {
  const address = `${url}/webhook/telegram`;
  if (!address.startsWith("https:"))
    return {
      ok: false,
      said: [
        `Telegram only calls addresses with https, not ${address}. Name one with --public-url, or run npm run telegram:poll.`,
      ],
    };
  if (await isPolled(env)) return { ok: false, said: [POLLED] };
  return asking(env, async (api) => {
    const secret_token = env.vars.TELEGRAM_WEBHOOK_SECRET!;
    await api.setWebhook(address, { secret_token, allowed_updates: [...UPDATES] });
    await api.setMyCommands(
      commands.map(({ name, help }) => ({ command: name, description: shorten(help, 256) })),
    );
    const names = commands.map(({ name }) => `/${name}`).join(" ");
    const said = [
      `Telegram delivers to ${address} from now on, with the secret: ${UPDATES.join(", ")}.`,
      `It shows these commands: ${names}.`,
    ];
    return { ok: true, said };
  });
}

/** Asks who we are, where Telegram delivers to, and what went wrong there last. */
export function probe(env: ChannelEnv): Promise<Report> {
  return asking(env, async (api) => {
    const asked = [api.getMe(), api.getWebhookInfo(), isPolled(env)] as const;
    const [{ username }, webhook, polled] = await Promise.all(asked);
    const { url, pending_update_count: waiting, last_error_message: error, last_error_date: at } = webhook;
    const where = url
      ? `delivers to ${url}; ${waiting} wait there.`
      : polled
        ? `its updates are fetched; ${waiting} wait there.`
        : "has no webhook: run nanoflare channels setup telegram, or set TELEGRAM_POLLING=true where they are fetched.";
    const last = error && at ? [`Its last error there, ${new Date(at * 1000).toISOString()}: ${error}.`] : [];
    return {
      ok: url ? !polled : polled,
      said: [`Telegram knows this bot as @${username}, and ${where}`, ...last],
    };
  });
}

const POLLED =
  "Telegram's updates are fetched here (TELEGRAM_POLLING), which a webhook would end. Stop that first, then set it up.";

/** Whether a poller is meant to be there, or the companion says that it is one. */
async function isPolled({ vars, companion }: ChannelEnv): Promise<boolean> {
  return isYes(vars.TELEGRAM_POLLING) || (await companion?.state("telegram"))?.state === "ready";
}

async function asking(
  env: ChannelEnv,
  ask: (api: ReturnType<typeof apiOf>) => Promise<Report>,
): Promise<Report> {
  try {
    return await ask(apiOf(env));
  } catch (error) {
    return { ok: false, said: [whyNot(error)] };
  }
}

/** Errors of fetch may hold the token: only what Telegram itself says is passed on. */
function whyNot(error: unknown): string {
  if (!(error instanceof GrammyError)) return "Telegram could not be reached.";
  if (error.error_code === 401 || error.error_code === 404)
    return `Telegram does not know TELEGRAM_BOT_TOKEN (${error.error_code}).`;
  return `Telegram refused ${error.method}: ${error.description}.`;
}
