import { beforeEach, describe, expect, it } from "vitest";
import type { ChannelEnv } from "../../../channels/channel.ts";
import { telegram } from "../../../channels/telegram/index.ts";
import { envWith, SECRET, TOKEN } from "./env.ts";

/** What Telegram was asked, and what it answers, by method. */
let asked: { method: string; body: Record<string, unknown> }[];
let results: Record<string, unknown>;
let env: ChannelEnv;

const WEBHOOK = { url: "https://flare.test/webhook/telegram", pending_update_count: 3 };
const install = {
  url: "https://flare.test",
  commands: [
    { name: "status", help: "how it is" },
    { name: "memory", args: "[show]", help: "x".repeat(400) },
  ],
};

beforeEach(() => {
  asked = [];
  results = { getMe: { id: 1, is_bot: true, username: "flare_bot" }, getWebhookInfo: WEBHOOK };
  const fetch = (async (url: string, init?: RequestInit) => {
    const method = String(url).split("/").at(-1)!;
    asked.push({ method, body: JSON.parse(String(init?.body ?? "{}")) });
    const result = results[method] ?? true;
    if (result instanceof Error) throw result;
    const refused = typeof result === "number";
    return Response.json(
      refused ? { ok: false, error_code: result, description: "Unauthorized" } : { ok: true, result },
    );
  }) as typeof globalThis.fetch;
  env = envWith({ fetch });
});

describe("Telegram's set-up", () => {
  it("gives the webhook with its secret, the kinds of updates and the commands", async () => {
    const report = await telegram.setup!(install, env);
    expect(report).toMatchObject({
      ok: true,
      said: [expect.stringContaining(WEBHOOK.url), expect.stringContaining("/memory")],
    });
    const [webhook, commands] = asked;
    expect(webhook).toMatchObject({ method: "setWebhook", body: { url: WEBHOOK.url, secret_token: SECRET } });
    expect(webhook!.body.allowed_updates).toEqual(expect.arrayContaining(["message", "edited_message"]));
    expect(commands).toMatchObject({ method: "setMyCommands" });
    for (const { command, description } of commands!.body.commands as Record<string, string>[]) {
      expect(command).toMatch(/^[a-z0-9_]{1,32}$/);
      expect(description!.length).toBeLessThanOrEqual(256);
    }
    expect(report.said.join()).not.toContain(SECRET);
  });

  it("asks nothing for an address that Telegram would not call", async () => {
    const report = await telegram.setup!({ ...install, url: "http://127.0.0.1:8787" }, env);
    expect(report).toMatchObject({ ok: false, said: [expect.stringContaining("telegram:poll")] });
    expect(asked).toEqual([]);
  });

  it.each([
    ["a wrong token", 401, /TELEGRAM_BOT_TOKEN/],
    ["a refusal", 400, /refused setWebhook/],
    [
      "silence",
      new TypeError(`fetch https://api.telegram.org/bot${TOKEN}/setWebhook failed`),
      /not be reached/,
    ],
  ])("passes on %s, without the token", async (_, result, said) => {
    results.setWebhook = result;
    const report = await telegram.setup!(install, env);
    expect(report.ok).toBe(false);
    expect(report.said.join()).toMatch(said);
    expect(report.said.join()).not.toContain(TOKEN);
  });
});

describe("Telegram's probe", () => {
  it("says who the bot is, where updates go and what went wrong last", async () => {
    results.getWebhookInfo = {
      ...WEBHOOK,
      last_error_date: 1_795_241_700,
      last_error_message: "Read timeout expired",
    };
    const report = await telegram.probe!(env);
    expect(report.ok).toBe(true);
    expect(report.said.join(" ")).toMatch(/@flare_bot.*flare\.test.*3 wait.*2026.*Read timeout/);
    expect(asked.map(({ method }) => method).sort()).toEqual(["getMe", "getWebhookInfo"]);
  });

  it("names the command that helps where there is no webhook", async () => {
    results.getWebhookInfo = { url: "", pending_update_count: 0 };
    const report = await telegram.probe!(env);
    expect(report).toMatchObject({ ok: false, said: [expect.stringContaining("channels setup telegram")] });
  });

  const companion = {
    state: async () => ({ channel: "telegram", state: "ready" as const }),
  } as unknown as ChannelEnv["companion"];
  it.each([
    ["a variable", (): Partial<ChannelEnv> => ({ vars: { ...env.vars, TELEGRAM_POLLING: "true" } })],
    ["the companion", (): Partial<ChannelEnv> => ({ companion })],
  ])("knows by %s that updates are fetched, which no set-up may end", async (_, change) => {
    results.getWebhookInfo = { url: "", pending_update_count: 2 };
    const polled = { ...env, ...change() };
    const report = await telegram.probe!(polled);
    expect(report).toMatchObject({ ok: true, said: [expect.stringMatching(/fetched; 2 wait/)] });
    expect(report.said.join()).not.toContain("channels setup");
    asked = [];
    expect(await telegram.setup!(install, polled)).toMatchObject({ ok: false });
    expect(asked).toEqual([]);
  });
});
