import { expect, test } from "vitest";
import { readConfig } from "../../../durable-objects/config.ts";

test.each(["Europe/Kyiv", "US/Eastern", "Asia/Kolkata"])("TIMEZONE may be the zone %s", (TIMEZONE) => {
  expect(readConfig({ TIMEZONE })).toMatchObject({ TIMEZONE, problems: [] });
});

test.each(["+02:00", "-0530", "Mars/Olympus", "CET+1"])("TIMEZONE=%s is told and is UTC", (TIMEZONE) => {
  const config = readConfig({ TIMEZONE });
  expect(config.TIMEZONE).toBe("UTC");
  expect(config.problems).toEqual([expect.stringContaining("Europe/Berlin")]);
});

test.each([
  ["ALLOW_FROM", "5005,telegrm:6006", '"telegrm:6006"'],
  ["ALLOW_FROM", "telegram:1001,discord:@ann", '"discord:@ann"'],
  ["ALLOW_FROM", "ann", "telegram:1001"],
  ["OUTBOUND_ALLOW", "*", "127.0.0.1:8123"],
  ["WEB_FETCH_ALLOW", "wiki.intranet,http://x/", '"http://x/"'],
  ["FEISHU_DOMAIN", "mars", "lark"],
  ["DISCORD_SEEN", "maybe", "true or false"],
  ["WHATSAPP_PREFIX", "ja", "true or false"],
  ["TELEGRAM_POLLING", "perhaps", "true or false"],
  ["TELEGRAM_WEBHOOK_SECRET", "a b", "A-Z"],
  ["TELEGRAM_BOT_TOKEN", "nonsense", "@BotFather"],
  ["BRIDGE_TOKEN", "x", "16"],
  ["TURN_TIMEOUT", "soon", "a whole number above 0"],
  ["BUDGET_TURN_USD", "-1", "0 or more"],
  ["TEMPERATURE", "3", "from 0 to 2"],
  ["LOG_LEVEL", "loud", "debug"],
])("%s=%s is told with the fix, and in no validator's words", (name, value, fix) => {
  const { problems } = readConfig({ [name]: value });
  expect(problems).toEqual([expect.stringContaining(fix)]);
  expect(problems[0]).toContain(name);
  expect(problems[0]).not.toMatch(/Invalid|expected|NaN/);
});

test("what is right is not told", () => {
  const right = {
    ALLOW_FROM: "5005, telegram:-1001,whatsapp:+4915112345678,whatsapp:123@lid,feishu:ou_ann",
    OUTBOUND_ALLOW: "127.0.0.1:8123 wiki.intranet,[::1]:80",
    FEISHU_DOMAIN: "Lark",
    TELEGRAM_SEEN: "off",
    TELEGRAM_BOT_TOKEN: "1:a-b_c",
    TELEGRAM_WEBHOOK_SECRET: "a_b-c",
    BRIDGE_TOKEN: "0123456789abcdef",
  };
  expect(readConfig(right).problems).toEqual([]);
});
