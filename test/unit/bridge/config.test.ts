import { expect, test } from "vitest";
import { readConfig } from "../../../bridge/config.ts";

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
  [{ FEISHU_APP_SECRET: "" }, "FEISHU_APP_SECRET"],
  [{ FEISHU_DOMAIN: "larc" }, "FEISHU_DOMAIN"],
])("what is missing for it is named before anything is started (%j)", (vars, name) => {
  expect(() => feishu({ ...APP, FEISHU_LONG_CONNECTION: "1", ...vars })).toThrow(name);
});
