import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { Trouble } from "../trouble.ts";
import { ROOT } from "./settings.ts";

/** The Worker, ready to serve: its modules, and what wrangler.toml says of it. */
export interface Bundle {
  folder: string;
  modules: { type: "ESModule" | "Text"; path: string }[];
  /** As `unstable_getMiniflareWorkerOptions` gives them. */
  options: Record<string, unknown>;
}

const OPTIONS = "worker-options.json";
const SOURCE = /\.(tsx?|mjs|js|json|toml|sql|md)$/;
/** Made after `npm ci` and part of the Worker. */
const MADE = ["bash", "re2"].map((name) => join(ROOT, "dist", `${name}.js`));
/** Nothing else of these enters the Worker. */
const OUTSIDE = new Set(["node_modules", "dist", "test", "bench", "docs", "cli", "bridge", "test-results"]);

/**
 * Bundles the Worker as a deploy would, by wrangler and wrangler.toml, or takes the bundle that was made from the same
 * sources before. `building` is called when it has to be made. Throws `Trouble` with wrangler's reason.
 */
export async function bundleWorker(stateDir: string, building: () => void): Promise<Bundle> {
  const all = join(stateDir, "worker");
  const folder = join(all, hashSources(stateDir));
  const cached = read(folder);
  if (cached) return cached;
  building();
  rmSync(all, { recursive: true, force: true });
  const made = join(all, "unfinished");
  mkdirSync(made, { recursive: true });
  await make(made);
  // Only a whole bundle gets the name that is looked for.
  renameSync(made, folder);
  return read(folder)!;
}

async function make(folder: string): Promise<void> {
  const wrangler = join(
    dirname(createRequire(import.meta.url).resolve("wrangler/package.json")),
    "bin/wrangler.js",
  );
  const reader = fileURLToPath(new URL("worker-options.ts", import.meta.url));
  await Promise.all([
    run([reader, join(ROOT, "wrangler.toml"), join(folder, OPTIONS)]),
    run([wrangler, "deploy", "--dry-run", "--minify", "--outdir", folder]),
  ]);
  // The map is four times the size of the program, and would be read for each error.
  rmSync(join(folder, "index.js.map"), { force: true });
}

function run(args: string[]): Promise<string> {
  const env = { ...process.env, WRANGLER_SEND_METRICS: "false", CI: "true", NO_COLOR: "1", FORCE_COLOR: "0" };
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let failed = "";
  child.stdout.on("data", (data) => (said += data));
  child.stderr.on("data", (data) => (failed += data));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(said) : reject(unbuilt(failed || said))));
  });
}

function unbuilt(output: string): Trouble {
  const lines = stripVTControlCharacters(output).split("\n");
  const reasons = lines
    .filter((line) => line.includes("[ERROR]"))
    .map((line) => line.replace(/.*\[ERROR\]\s*/, ""));
  // The first line only counts the errors.
  const reason = reasons.find((line) => !line.startsWith("Build failed")) ?? reasons[0] ?? lines[0];
  return new Trouble(`The Worker cannot be built: ${reason} (npx wrangler deploy --dry-run shows all of it)`);
}

function read(folder: string): Bundle | undefined {
  try {
    const options = JSON.parse(readFileSync(join(folder, OPTIONS), "utf8")) as Bundle["options"];
    const texts = readdirSync(folder).filter(
      (name) => /\.(sql|md|txt|html)$/.test(name) && name !== "README.md",
    );
    const modules: Bundle["modules"] = [{ type: "ESModule", path: join(folder, "index.js") }];
    for (const name of texts) modules.push({ type: "Text", path: join(folder, name) });
    return { folder, modules, options };
  } catch {
    return undefined;
  }
}

/** A name for everything that a bundle is made of: our sources, and the packages as npm installed them. */
function hashSources(stateDir: string): string {
  const hash = createHash("sha256");
  for (const entry of readdirSync(ROOT, { withFileTypes: true })) {
    if (entry.name.startsWith(".") || OUTSIDE.has(entry.name)) continue;
    for (const file of entry.isDirectory() ? filesBelow(join(ROOT, entry.name)) : [join(ROOT, entry.name)]) {
      if (!SOURCE.test(file) || file.startsWith(stateDir)) continue;
      hash.update(`${file}\0`).update(readFileSync(file));
    }
  }
  for (const file of [...MADE, join(ROOT, "node_modules", ".package-lock.json")]) hash.update(content(file));
  return hash.digest("hex").slice(0, 32);
}

function filesBelow(folder: string): string[] {
  const files = readdirSync(folder, { withFileTypes: true, recursive: true }).filter((entry) =>
    entry.isFile(),
  );
  return files.map((entry) => join(entry.parentPath, entry.name)).sort();
}

function content(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
