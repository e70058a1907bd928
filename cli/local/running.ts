import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Trouble } from "../trouble.ts";
import type { LocalSettings } from "./settings.ts";
import { isLocked } from "./state.ts";

/** In STATE_DIR: where the start that holds the lock answers. */
const URL_FILE = "url";

/** Tells other commands where this start answers. Call it while the state is locked. */
export function tellUrl(stateDir: string, url: string): void {
  writeFileSync(join(stateDir, URL_FILE), `${url}\n`, { mode: 0o600 });
}

/** Takes the address back, also the one that a killed start left. */
export function forgetUrl(stateDir: string): void {
  rmSync(join(stateDir, URL_FILE), { force: true });
}

/**
 * Where the install on this state answers at this moment; undefined when none runs. Whatever else may listen on its
 * port then is not ours and must not be told its token.
 */
export function runningUrl(stateDir: string): string | undefined {
  if (!isLocked(stateDir)) return undefined;
  try {
    return readFileSync(join(stateDir, URL_FILE), "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The address of the running install that the settings mean. Throws `Trouble` when it does not run. */
export function requireRunning({ stateDir, url, chosen }: LocalSettings): string {
  const running = runningUrl(stateDir);
  if (running && (!chosen || running === url)) return running;
  if (!running && !chosen)
    throw new Trouble(
      `nanoflare does not run on ${stateDir}: start it with npm start, or name the folder it was started with in STATE_DIR.`,
    );
  const elsewhere = running ? ` The one on ${stateDir} runs at ${running}.` : "";
  throw new Trouble(`nanoflare does not run at ${url}: start it with npm start.${elsewhere}`);
}
