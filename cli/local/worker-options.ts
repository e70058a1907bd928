/**
 * Prints what a wrangler.toml says of its Worker, as JSON. A program of its own: wrangler takes a second and 100 MB,
 * which the start has only when it builds.
 */
import { unstable_getMiniflareWorkerOptions } from "wrangler";

const { workerOptions } = unstable_getMiniflareWorkerOptions(process.argv[2]!);
// The bundle is made by now, so the rules for modules have done their work.
process.stdout.write(JSON.stringify({ ...workerOptions, modulesRules: undefined }));
