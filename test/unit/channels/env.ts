import { readdirSync, readFileSync } from "node:fs";
import type { ChannelEnv } from "../../../channels/channel.ts";

export const TOKEN = "424242:AAF-token_of_the_tests";
export const SECRET = "secret-of-the-tests";

/** Variables of an install with Telegram, and an outside that nobody answers in. */
export function envWith(overrides: Partial<ChannelEnv> = {}): ChannelEnv {
  return {
    fetchNamed: (url, init) => (overrides.fetch ?? fetch)(url, init),
    vars: { TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_WEBHOOK_SECRET: SECRET },
    fetch: async () => {
      throw new TypeError("fetch failed");
    },
    now: () => 1_795_241_700_000,
    ...overrides,
  };
}

const folder = new URL("../../../channels/telegram/updates/", import.meta.url);

/** The payload of that name. A fresh copy each time, so that a test may change it. */
// biome-ignore lint/suspicious/noExplicitAny: payloads are as Telegram sends them
export function update(name: string): any {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), "utf8"));
}

export const updateNames = readdirSync(folder).map((file) => file.replace(/\.json$/, ""));
