import type { Channel, Limits } from "../channel.ts";
import { isEnabled } from "../enabled.ts";
import { download } from "./download.ts";
import { FILES } from "./limits.ts";
import { receive } from "./receive.ts";
import { PARTS, render, TEXT } from "./render.ts";
import { send } from "./send.ts";
import { probe, setup } from "./setup.ts";

const limits: Limits = {
  text: TEXT,
  parts: PARTS,
  // Drafts exist in private chats only: https://core.telegram.org/bots/api#sendmessagedraft
  streaming: { direct: "drafts", group: "edits" },
  editIntervalMs: 3500,
  editsPerMessage: 60,
  // "not more than 20 messages per minute to the same group": https://core.telegram.org/bots/faq
  perMinute: 20,
  // "about 30 messages per second" to all chats; answers take their part of it: https://core.telegram.org/bots/faq
  fanOutPerSecond: 20,
  // Telegram takes the typing sign away after 5 seconds.
  typingMs: 5000,
  seen: true,
  files: FILES,
  buttons: true,
  prefix: false,
};

/** Telegram, by the Bot API. Variables: `TELEGRAM_BOT_TOKEN`, `TELEGRAM_WEBHOOK_SECRET`, `TELEGRAM_API_ROOT`. */
export const telegram: Channel = {
  name: "telegram",
  limits,
  needs: ["TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET"],
  problem,
  receive,
  render,
  send,
  download,
  setup,
  probe,
};

function problem(vars: Readonly<Record<string, string | undefined>>): string | undefined {
  if (!isEnabled("telegram", vars)) return "TELEGRAM_ENABLED says no; remove it to use Telegram.";
  if (!vars.TELEGRAM_BOT_TOKEN) return "TELEGRAM_BOT_TOKEN is not set; @BotFather gives you one.";
  if (!/^\d+:[\w-]+$/.test(vars.TELEGRAM_BOT_TOKEN)) {
    return "TELEGRAM_BOT_TOKEN is not a bot token; it looks like 123456:ABC-DEF.";
  }
  const secret = vars.TELEGRAM_WEBHOOK_SECRET;
  if (!secret)
    return "TELEGRAM_WEBHOOK_SECRET is not set; choose a long random one and give it to setWebhook.";
  if (!/^[\w-]{1,256}$/.test(secret)) return "TELEGRAM_WEBHOOK_SECRET may only hold A-Z, a-z, 0-9, _ and -.";
  return undefined;
}
