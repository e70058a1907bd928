import { readFileSync } from "node:fs";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Wrangler's Text rules, for the test pool: SQL and templates are imported as strings. */
const text = {
  name: "text-modules",
  enforce: "pre" as const,
  load(id: string) {
    const path = id.split("?")[0]!;
    if (/\.(sql|md)$/.test(path)) return `export default ${JSON.stringify(readFileSync(path, "utf8"))};`;
  },
};

export default defineConfig({
  test: {
    projects: [
      {
        // Pure code, the CLI and the scripts, on Node.
        plugins: [text],
        test: { name: "node", include: ["test/unit/**/*.test.ts", "test/cli/**/*.test.ts", "test/e2e/**/*.test.ts"], testTimeout: 60_000 },
      },
      {
        // Whole flows inside workerd, with real peers started by the global setup.
        plugins: [text, cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: {
          name: "workers",
          include: ["test/flows/**/*.test.ts"],
          globalSetup: ["./test/peers.ts"],
          testTimeout: 30_000,
          deps: { optimizer: { ssr: { enabled: true, include: ["cron-parser"] } } },
        },
      },
    ],
  },
});
