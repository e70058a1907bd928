import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { isEnabled, isNo, isYes } from "../channels/enabled.ts";
import { apiRoot as feishuRoot } from "../channels/feishu/api.ts";
import { lineProblem } from "../channels/feishu/problem.ts";
import { apiRoot as telegramRoot } from "../channels/telegram/root.ts";
import { Trouble } from "./trouble.ts";

/** What the companion is told by the environment, or by `.dev.vars` in the checkout. The environment wins. */
export interface Config {
  /** The install's address at this moment, without a slash at its end. */
  url(): string;
  token: string;
  /** The companion's own folder. */
  folder: string;
  whatsapp: { enabled: boolean; shared: boolean; url?: string };
  /** Fetches Telegram's updates instead of a webhook. */
  telegram?: { token: string; apiRoot: string; secret: string };
  /** Discord's plain messages, by its Gateway. */
  discord?: { token: string; intents: number; api?: string };
  /** Feishu's events by its long connection instead of a webhook. */
  feishu?: { appId: string; appSecret: string; domain: string };
  logLevel: string;
  /** What is wrong with a network's variables; that network is not carried, the others are. */
  problems: string[];
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Throws `Trouble` when the Worker's address is none and when its token is missing. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const vars = { ...parseEnv(textOf(join(ROOT, ".dev.vars")) ?? ""), ...filled(env) };
  const state = vars.STATE_DIR ? resolve(vars.STATE_DIR) : join(ROOT, ".nanoflare");
  const token = vars.BRIDGE_TOKEN ?? textOf(join(state, "bridge-token"))?.trim();
  if (!token)
    throw new Trouble(
      "BRIDGE_TOKEN is not set, and no nanoflare was started here (npm start) that made one.",
    );
  if (vars.NANOFLARE_URL && !isAddress(vars.NANOFLARE_URL))
    throw new Trouble(
      `NANOFLARE_URL="${vars.NANOFLARE_URL}" is not an address; write e.g. https://nanoflare.example.workers.dev`,
    );
  const problems: string[] = [];
  const orTell = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      problems.push(error.message);
      return undefined;
    }
  };
  return {
    url: () => urlOf(vars.NANOFLARE_URL, state),
    token,
    folder: vars.COMPANION_DIR ? resolve(vars.COMPANION_DIR) : join(state, "companion"),
    whatsapp: {
      enabled: isEnabled("whatsapp", vars),
      shared: isYes(vars.WHATSAPP_SHARED_NUMBER),
      url: vars.WHATSAPP_SOCKET_URL,
    },
    telegram: isYes(vars.TELEGRAM_POLLING) ? orTell(() => telegramOf(vars, state)) : undefined,
    discord:
      isEnabled("discord", vars) && !isNo(vars.DISCORD_GATEWAY) ? orTell(() => discordOf(vars)) : undefined,
    feishu:
      isEnabled("feishu", vars) && isYes(vars.FEISHU_LONG_CONNECTION)
        ? orTell(() => feishuOf(vars))
        : undefined,
    logLevel: vars.COMPANION_LOG ?? "silent",
    problems,
  };
}

function telegramOf(vars: NodeJS.Dict<string>, state: string): Config["telegram"] {
  const token = vars.TELEGRAM_BOT_TOKEN;
  const secret = vars.TELEGRAM_WEBHOOK_SECRET ?? textOf(join(state, "telegram-webhook-secret"))?.trim();
  if (!token || !secret)
    throw new Trouble(
      "TELEGRAM_POLLING needs TELEGRAM_BOT_TOKEN and TELEGRAM_WEBHOOK_SECRET, the Worker's own.",
    );
  return { token, apiRoot: telegramRoot(vars), secret };
}

/** Guild messages with a mention and direct messages: no privileged intent. */
const INTENTS = 4609;

function discordOf(vars: NodeJS.Dict<string>): Config["discord"] {
  const { DISCORD_BOT_TOKEN: token, DISCORD_INTENTS: chosen, DISCORD_API_ROOT: root } = vars;
  if (!token) return undefined;
  const intents = Number(chosen ?? INTENTS);
  if (!Number.isInteger(intents)) throw new Trouble(`DISCORD_INTENTS="${chosen}" is not a number.`);
  return { token, intents, api: root?.replace(/\/+$/, "").replace(/\/v\d+$/, "") };
}

function feishuOf(vars: NodeJS.Dict<string>): Config["feishu"] {
  const problem = lineProblem(vars);
  if (problem) throw new Trouble(`Feishu: ${problem}`);
  return { appId: vars.FEISHU_APP_ID!, appSecret: vars.FEISHU_APP_SECRET!, domain: feishuRoot(vars) };
}

function isAddress(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** The local start tells in its state where it answers; it may be started later than this, and elsewhere. */
function urlOf(chosen: string | undefined, state: string): string {
  const url = chosen ?? textOf(join(state, "url"))?.trim() ?? "http://127.0.0.1:8787";
  return url.replace(/\/+$/, "");
}

function filled(env: NodeJS.ProcessEnv): Record<string, string> {
  const entries = Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== "");
  return Object.fromEntries(entries) as Record<string, string>;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8") || undefined;
  } catch {
    return undefined;
  }
}

/** Whether there is any network to carry. */
export function isIdle({ whatsapp, telegram, discord, feishu }: Config): boolean {
  return !whatsapp.enabled && !telegram && !discord && !feishu;
}
