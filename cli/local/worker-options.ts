/**
 * Writes what a wrangler.toml says of its Worker into a file, as JSON. A program of its own: wrangler takes a second and
 * 100 MB, which the start has only when it builds.
 */
import { writeFileSync } from "node:fs";
import { unstable_getMiniflareWorkerOptions, unstable_readConfig } from "wrangler";

const [config, file] = process.argv.slice(2) as [string, string];
const { workerOptions } = unstable_getMiniflareWorkerOptions(config);
// Wrangler mixes `.dev.vars` in, which may change after the bundle was made and is the start's to read.
const { vars: bindings } = unstable_readConfig({ config });
// The bundle is made by now, so the rules for modules have done their work. Wrangler speaks on the standard output.
writeFileSync(file, JSON.stringify({ ...workerOptions, bindings, modulesRules: undefined }));
