/** `npm run check`: everything that can be said of the code without running it. Stays under 30 s. */
import { spawn } from "node:child_process";

const checks: [name: string, command: string][] = [
  ["format and lint", "biome check --error-on-warnings ."],
  ["types of the Worker", "tsc -p tsconfig.json"],
  ["types of the console's page", "tsc -p workers/console/tsconfig.json"],
  ["types of scripts and tests", "tsc -p tsconfig.node.json"],
  ["layers and documents", "vitest run --project unit test/unit/house"],
  ["generated types", "wrangler types --include-runtime=false --check"],
  ["deploy dry run", "wrangler deploy --dry-run --outdir dist/deploy"],
  [
    "deploy dry run with containers",
    "wrangler deploy --dry-run --env sandbox --containers-rollout none --outdir dist/deploy-sandbox",
  ],
];

function run(command: string): Promise<{ code: number; output: string }> {
  return new Promise((done) => {
    const child = spawn(command, {
      shell: true,
      env: { ...process.env, FORCE_COLOR: "0", WRANGLER_SEND_METRICS: "false" },
    });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.stderr.on("data", (data) => (output += data));
    child.on("close", (code) => done({ code: code ?? 1, output }));
  });
}

const started = performance.now();
const results = await Promise.all(
  checks.map(async ([name, command]) => {
    const result = await run(command);
    console.log(`${result.code === 0 ? "ok    " : "FAILED"} ${name}`);
    if (result.code !== 0) console.log(result.output);
    return result.code === 0;
  }),
);
console.log(
  `${results.filter(Boolean).length} of ${results.length} checks passed in ${Math.round((performance.now() - started) / 1000)} s`,
);
process.exitCode = results.every(Boolean) ? 0 : 1;
