import { globSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PROVIDERS } from "../../../agent/models/providers.ts";
import { ROOT, readSettings } from "../../../cli/local/settings.ts";
import { readConfig } from "../../../durable-objects/config.ts";

function folderWith(devVars?: string): string {
  const folder = mkdtempSync(join(tmpdir(), "nanoflare-settings-"));
  if (devVars !== undefined) writeFileSync(join(folder, ".dev.vars"), devVars);
  return folder;
}

test("every variable that the Worker parses reaches it from the environment", () => {
  const names = Object.keys(readConfig({})).filter((name) => /^[A-Z_]+$/.test(name));
  const env = Object.fromEntries(names.map((name) => [name, "1"]));
  expect(Object.keys(readSettings(env, folderWith()).vars).sort()).toEqual(names.sort());
});

test("every variable that the code names reaches it too", () => {
  const sources = ["agent", "channels", "durable-objects", "workers"].flatMap((folder) =>
    globSync(`${ROOT}${folder}/**/*.{ts,tsx}`).map((file) => readFileSync(file, "utf8")),
  );
  const named = sources.flatMap((text) =>
    [...text.matchAll(/\bvars\.([A-Z][A-Z0-9_]+)/g)].map(([, name]) => name!),
  );
  const ofProviders = PROVIDERS.flatMap(({ keys, needs }) => [
    ...keys,
    ...(needs ? [needs] : []),
    keys[0]!.replace("_KEY", "_BASE"),
  ]);
  // A local start has no container, so what its outbound requests carry stays where it is.
  const ofContainers = ["GITHUB_TOKEN", "SANDBOX_CREDENTIALS"];
  const names = [...new Set([...named, ...ofProviders])]
    .filter((name) => !ofContainers.includes(name))
    .sort();
  expect(names.length).toBeGreaterThan(20);
  const env = Object.fromEntries(names.map((name) => [name, "1"]));
  expect(Object.keys(readSettings(env, folderWith()).vars).sort()).toEqual(names);
});

test.each([
  "API_KEY",
  "API_BASE",
  "MODEL",
  "MODEL_FALLBACKS",
  "TRANSCRIPTION_MODEL",
  "GROQ_API_KEY",
  "BRAVE_API_KEY",
  "CLOUDFLARE_API_TOKEN",
  "CLOUDFLARE_ACCOUNT_ID",
  "VLLM_API_BASE",
  "OPENAI_API_BASE",
  "TELEGRAM_BOT_TOKEN",
  "TELEGRAM_API_ROOT",
  "DISCORD_PUBLIC_KEY",
  "FEISHU_APP_ID",
  "BRIDGE_TOKEN",
  "ADMIN_TOKEN",
  "TELEGRAM_ENABLED",
  "NANOBOT_API_KEY",
  "PI_MODEL",
  "OPENAI_BASE_URL",
  "CONTAINER_TIMEOUT",
  "ALLOW_FROM",
])("%s reaches the Worker", (name) => {
  expect(readSettings({ [name]: "value" }, folderWith()).vars).toEqual({ [name]: "value" });
});

test("nothing else of the environment does, and an empty value counts as not set", () => {
  const env = {
    HOME: "/x",
    PATH: "/y",
    AWS_SECRET_ACCESS_KEY: "s",
    GITHUB_TOKEN: "t",
    PORT: "9000",
    STATE_DIR: "/z",
    API_KEY: "",
  };
  expect(readSettings(env, folderWith()).vars).toEqual({});
});

test("the environment wins over .dev.vars, where any name may stand", () => {
  const folder = folderWith('# don\'t mind\nMODEL=file\nMY_OWN="two\nlines"\nPORT=9001\n');
  const settings = readSettings({ MODEL: "env" }, folder);
  expect(settings.vars).toEqual({ MODEL: "env", MY_OWN: "two\nlines" });
  expect(settings.port).toBe(9001);
});

test.each([
  ["MODEL=a\nwhat is this\n", 2],
  ["\n\n=x\n", 3],
  ['A="x\ny"\nB\n', 3],
])("a line of .dev.vars that says nothing is named: %j", (text, line) => {
  expect(() => readSettings({}, folderWith(text))).toThrow(`line ${line}`);
});

test.each([
  [{}, "http://127.0.0.1:8787"],
  [{ HOST: "0.0.0.0", PORT: "80" }, "http://127.0.0.1:80"],
  [{ HOST: "::1" }, "http://[::1]:8787"],
  [{ HOST: "box.local" }, "http://box.local:8787"],
])("the address for %j is %s", (env, url) => {
  expect(readSettings(env, folderWith()).url).toBe(url);
});
