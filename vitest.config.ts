import { readFileSync } from "node:fs";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { eager } from "./test/eager.ts";
import { prebundled } from "./test/prebundled.ts";

/** Wrangler's Text rules, for the tests: SQL, templates and the sandbox's helper are imported as strings. */
const text = {
  name: "text-modules",
  enforce: "pre" as const,
  load(id: string) {
    const path = id.split("?")[0]!;
    if (/\.(sql|md|py)$/.test(path)) return `export default ${JSON.stringify(readFileSync(path, "utf8"))};`;
  },
};

/** The Worker inside workerd, with real peers: the scripted model and local platforms. */
const workerd = (main?: string, more: Record<string, string> = {}) =>
  cloudflareTest(({ inject }) => {
    const peers = inject("peers");
    return {
      ...(main ? { main } : {}),
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: {
          API_BASE: peers.modelBase,
          GROQ_API_BASE: peers.modelBase,
          MODEL: "scripted",
          TELEGRAM_API_ROOT: peers.telegramRoot,
          TELEGRAM_BOT_TOKEN: peers.telegramToken,
          TELEGRAM_WEBHOOK_SECRET: "flow-secret",
          DISCORD_API_ROOT: peers.discord.root,
          DISCORD_BOT_TOKEN: peers.discord.token,
          DISCORD_APPLICATION_ID: peers.discord.application,
          DISCORD_PUBLIC_KEY: peers.discord.publicKey,
          FEISHU_API_ROOT: peers.feishu.root,
          FEISHU_APP_ID: peers.feishu.appId,
          FEISHU_APP_SECRET: peers.feishu.appSecret,
          FEISHU_ENCRYPT_KEY: "flow-encrypt-key",
          FEISHU_VERIFICATION_TOKEN: "flow-verification-token",
          FEISHU_LONG_CONNECTION: "true",
          BRAVE_API_BASE: peers.web.search,
          BRAVE_API_KEY: "flow-brave",
          DNS_RESOLVER: peers.web.resolver,
          OUTBOUND_ALLOW: new URL(peers.mcp).host,
          WEB_FETCH_ALLOW: peers.web.host,
          ADMIN_TOKEN: "flow-admin",
          BRIDGE_TOKEN: "flow-bridge",
          ALLOW_FROM: "telegram:1001,telegram:1002,discord:1001,feishu:ou_ann,whatsapp:15550001",
          ...more,
        },
      },
    };
  });

/** The Worker with objects that crash on demand, and a budget that hundreds of crashed calls do not use up. */
const crashing = () =>
  workerd("./test/faults/worker.ts", {
    BUDGET_INSTALL_TOKENS: "1000000000",
    GROQ_API_KEY: "gsk_crash",
    MODEL_STALL_TIMEOUT: "4",
  });

/** What the Worker's sources need in the tests' runtime. */
const inWorkerd = (runtime: ReturnType<typeof cloudflareTest>) => [text, eager(), prebundled(), runtime];

const faults = {
  all: process.env.FAULTS === "all",
  seed: Number(process.env.SEED ?? Date.now() % 1_000_000),
};

/**
 * For tests in workerd. The Worker is loaded once for all files, which takes seconds: each test has chats of its own. What
 * is logged goes straight to the terminal: over the runner's connection, a line that another request logs at the end
 * waits for ever, and the run with it.
 */
const together = { isolate: false, disableConsoleIntercept: true };

/** A test that needed a second try is named in CI's summary; on a desk it fails. */
const retry = process.env.CI ? 1 : 0;

/** A machine that does other things as well may need so long for what takes milliseconds. */
const patient = { expect: { poll: { timeout: 30_000 } } };

const onNode = { retry, ...patient, testTimeout: 120_000, hookTimeout: 120_000 };
const flows = { retry, ...together, ...patient, globalSetup: ["./test/peers.ts"], testTimeout: 90_000 };

const alone = ["idle", "task-api", "task-life"].map((name) => `test/flows/${name}.test.ts`);

export default defineConfig({
  test: {
    // More than a small machine has cores: many files wait for processes and moments of their own.
    maxWorkers: 4,
    // The five projects in workerd load the same modules.
    fsModuleCache: true,
    projects: [
      {
        // Pure code on Node: what one file loads serves the next one.
        plugins: [text],
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          ...onNode,
          isolate: false,
        },
      },
      {
        // The CLI and the scripts, as processes of their own.
        plugins: [text],
        test: {
          name: "node",
          include: ["test/cli/**/*.test.ts", "test/e2e/**/*.test.ts"],
          ...onNode,
        },
      },
      {
        // The console in Chromium, served by a real `npm start`.
        test: {
          name: "browser",
          retry,
          ...patient,
          include: ["test/browser/**/*.test.ts"],
          globalSetup: ["./test/peers.ts"],
          testTimeout: 60_000,
          hookTimeout: 90_000,
        },
      },
      {
        plugins: inWorkerd(workerd()),
        test: {
          name: "workers",
          include: ["test/flows/**/*.test.ts"],
          exclude: ["test/flows/crash.test.ts", ...alone],
          ...flows,
        },
      },
      {
        // Installs in which nothing else happens: months may pass in them, and all groups are a file's own.
        plugins: inWorkerd(workerd()),
        test: {
          name: "idle",
          include: alone,
          ...flows,
          isolate: true,
        },
      },
      {
        // Single objects in workerd, without any variable set.
        plugins: inWorkerd(cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })),
        test: {
          name: "objects",
          include: ["test/objects/**/*.test.ts"],
          ...together,
          ...patient,
          testTimeout: 90_000,
        },
      },
      {
        // A sample of the crashes below.
        plugins: inWorkerd(crashing()),
        test: { name: "crash", include: ["test/flows/crash.test.ts"], ...flows, provide: { faults } },
      },
      {
        // A crash after every write and around every request: `npm run faults`.
        plugins: inWorkerd(crashing()),
        test: {
          name: "faults",
          include: ["test/faults/**/*.test.ts"],
          ...flows,
          testTimeout: 1_800_000,
          provide: { faults },
        },
      },
    ],
  },
});
