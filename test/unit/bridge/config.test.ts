import { expect, test } from "vitest";
import { isIdle, readConfig } from "../../../bridge/config.ts";
import { problem } from "../../../channels/feishu/problem.ts";

const TOKEN = { BRIDGE_TOKEN: "t", COMPANION_DIR: "/nowhere" };
const APP = { FEISHU_APP_ID: "cli_0123456789abcdef", FEISHU_APP_SECRET: "s" };
const feishu = (vars: Record<string, string>) => readConfig({ ...TOKEN, ...vars }).feishu;

test("Feishu's events come by webhook unless the long connection is asked for", () => {
  expect(feishu(APP)).toBeUndefined();
  expect(feishu({ ...APP, FEISHU_LONG_CONNECTION: "true", FEISHU_ENABLED: "no" })).toBeUndefined();
});

test.each([
  [{}, "https://open.feishu.cn"],
  [{ FEISHU_DOMAIN: "lark" }, "https://open.larksuite.com"],
  [{ FEISHU_API_ROOT: "http://proxy.test/" }, "http://proxy.test"],
])("the long connection is the one of the app's cloud (%j)", (vars, domain) => {
  expect(feishu({ ...APP, FEISHU_LONG_CONNECTION: "yes", ...vars })).toMatchObject({ domain });
});

test.each([
  [{ FEISHU_APP_ID: "12345" }, "FEISHU_APP_ID"],
  [{ FEISHU_APP_ID: "cli_1" }, "FEISHU_APP_ID"],
  [{ FEISHU_APP_SECRET: "" }, "FEISHU_APP_SECRET"],
  [{ FEISHU_DOMAIN: "larc" }, "FEISHU_DOMAIN"],
])("what is wrong is named by companion and Worker, and stops no other network (%j)", (wrong, name) => {
  const vars = { ...TOKEN, ...APP, FEISHU_LONG_CONNECTION: "1", DISCORD_BOT_TOKEN: "d", ...wrong };
  const { feishu, discord, problems } = readConfig(vars);
  expect({ feishu, discord, problems }).toMatchObject({
    feishu: undefined,
    discord: { token: "d" },
    problems: [expect.stringContaining(name)],
  });
  expect(problem(vars)).toContain(name);
});

test.each(["nonsense", "localhost:8787", "ftp://a.test"])("%s is no address of a Worker", (url) => {
  expect(() => readConfig({ ...TOKEN, NANOFLARE_URL: url })).toThrow(/NANOFLARE_URL.*https:/);
});

test("a companion without a network knows that it carries nothing", () => {
  const none = { ...TOKEN, WHATSAPP_ENABLED: "false" };
  expect(isIdle(readConfig(none))).toBe(true);
  expect(isIdle(readConfig({ ...none, DISCORD_BOT_TOKEN: "d" }))).toBe(false);
});
