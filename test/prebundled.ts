import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

/**
 * The Worker's packages as a few files: hundreds of small modules take a runtime of the tests many seconds to load. Only
 * such that are modules themselves; CommonJS would lose its names.
 */
const PACKAGES = [
  "@modelcontextprotocol/sdk/shared/protocol.js",
  "@modelcontextprotocol/sdk/types.js",
  "drizzle-orm",
  "drizzle-orm/durable-sqlite",
  "drizzle-orm/durable-sqlite/migrator",
  "drizzle-orm/sqlite-core",
  "eventsource-parser/stream",
  "grammy/web",
  "hono",
  "hono/body-limit",
  "hono/cookie",
  "hono/factory",
  "hono/http-exception",
  "hono/jsx",
  "hono/jsx/jsx-dev-runtime",
  "hono/jsx/jsx-runtime",
  "hono/method-not-allowed",
  "hono/route",
  "hono/secure-headers",
  "hono/utils/mime",
  "hono/validator",
  "linkedom/worker",
  "luxon",
  "mdast-util-from-markdown",
  "mdast-util-gfm",
  "micromark-extension-gfm",
  "openai",
  "transliteration",
  "turndown",
  "ulid",
  "uqr",
  "yaml",
  "zod",
];

const root = fileURLToPath(new URL("..", import.meta.url));
const lock = createHash("sha256")
  .update(readFileSync(`${root}/package-lock.json`))
  .update(PACKAGES.join());
const folder = `${root}/dist/packages/${lock.digest("hex").slice(0, 32)}`;

const fileOf = (name: string) => name.replaceAll("/", "__").replace(/\.js$/, "");

/** The projects of one run share what is made. */
let made: Promise<void> | undefined;

/** Resolves the packages of the Worker to the files that were made of them, and makes those where there are none. */
export function prebundled() {
  return {
    name: "prebundled-packages",
    enforce: "pre" as const,
    async buildStart() {
      made ??= existsSync(folder) ? Promise.resolve() : bundle();
      await made;
    },
    resolveId(id: string) {
      return PACKAGES.includes(id) ? `${folder}/${fileOf(id)}.js` : undefined;
    },
  };
}

async function bundle(): Promise<void> {
  const half = `${folder}.${process.pid}`;
  await build({
    entryPoints: PACKAGES.map((name) => ({ in: name, out: fileOf(name) })),
    absWorkingDir: root,
    bundle: true,
    splitting: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["node:*", "cloudflare:*"],
    outdir: half,
  });
  // A rename is one step: runs side by side see whole folders only, and the first one's stays.
  if (!existsSync(folder)) renameSync(half, folder);
}
