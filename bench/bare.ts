import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

/** A program of its own, so that its memory and its speed are those of a bare Miniflare. Prints its address. */
const storage = mkdtempSync(join(tmpdir(), "nanoflare-bare-"));
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    modules: [
      {
        type: "ESModule",
        path: "worker.js",
        contents: readFileSync(new URL("bare/worker.js", import.meta.url), "utf8"),
      },
    ],
    compatibilityDate: "2026-10-01",
    durableObjects: { BARE: { className: "Bare", useSQLite: true } },
    resourcePersistencePath: storage,
    port: 0,
    cf: false,
    telemetry: { enabled: false },
  } as Parameters<typeof convertV4MiniflareOptions>[0]),
);
console.log(String(await miniflare.ready));
process.once("SIGTERM", async () => {
  await miniflare.dispose();
  rmSync(storage, { recursive: true, force: true });
});
