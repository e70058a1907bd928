import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Bundles that starts in tests have made, by the hash of their sources. */
const KEPT = fileURLToPath(new URL("../../dist/bundles", import.meta.url));

/** Gives a new state folder the bundles that are there: making one takes most of a start. */
export function lendBundles(stateDir: string): void {
  if (existsSync(join(stateDir, "worker")) || !existsSync(KEPT)) return;
  for (const hash of hashes(KEPT))
    cpSync(join(KEPT, hash), join(stateDir, "worker", hash), { recursive: true });
}

/** Keeps what a start has made. A rename is one step, so that files which run side by side see whole bundles only. */
export function keepBundles(stateDir: string): void {
  for (const hash of hashes(join(stateDir, "worker"))) {
    if (existsSync(join(KEPT, hash))) continue;
    const copy = join(KEPT, `${hash}.${process.pid}`);
    mkdirSync(KEPT, { recursive: true });
    cpSync(join(stateDir, "worker", hash), copy, { recursive: true });
    try {
      renameSync(copy, join(KEPT, hash));
    } catch {
      rmSync(copy, { recursive: true });
    }
    removeOld();
  }
}

/** A run of the tests takes less than an hour. */
function removeOld(): void {
  for (const name of readdirSync(KEPT)) {
    const folder = join(KEPT, name);
    if (statSync(folder).mtimeMs < Date.now() - 3600_000) rmSync(folder, { recursive: true, force: true });
  }
}

function hashes(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => /^[0-9a-f]{32}$/.test(name)) : [];
}
