import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type MiniflareOptions } from "miniflare";
import { Trouble } from "../trouble.ts";
import type { Bundle } from "./bundle.ts";
import { WORKERD_PID_FILE } from "./orphan.ts";
import { portTrouble } from "./port.ts";
import { isRuntimeNote } from "./runtime-notes.ts";
import type { LocalSettings } from "./settings.ts";

/** A local install that answers. */
export interface Serving {
  close(): Promise<void>;
}

/**
 * Serves the bundle with what it stores kept in STATE_DIR. `line` gets what the Worker logs. Resolves when requests are
 * answered; throws `Trouble` when the port is taken or the Worker does not start.
 */
export async function serve(
  bundle: Bundle,
  settings: LocalSettings,
  line: (text: string) => void,
): Promise<Serving> {
  superviseWorkerd(join(settings.stateDir, WORKERD_PID_FILE));
  const miniflare = new Miniflare(optionsOf(bundle, settings, line));
  // It would end the process at once at a signal; how to end is the start's decision.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.removeAllListeners(signal);
  try {
    await miniflare.ready;
  } catch (error) {
    await miniflare.dispose().catch(() => undefined);
    throw notStarted(error, settings);
  }
  return { close: () => miniflare.dispose() };
}

function optionsOf(bundle: Bundle, settings: LocalSettings, line: (text: string) => void): MiniflareOptions {
  const { workerOptions, ...shared } = {
    workerOptions: bundle.options,
    host: settings.host,
    port: settings.port,
    // Otherwise it asks the network where it is.
    cf: false,
    telemetry: { enabled: false },
    log: new Log(LogLevel.ERROR),
    logRequests: false,
    handleStructuredLogs: ({ message }: { message: string }) =>
      void (isRuntimeNote(message) || line(message)),
    resourcePersistencePath: join(settings.stateDir, "storage"),
  };
  return convertV4MiniflareOptions({
    ...shared,
    ...workerOptions,
    name: "nanoflare",
    modules: bundle.modules.map((module) => ({ ...module, contents: readFileSync(module.path, "utf8") })),
    modulesRoot: bundle.folder,
    bindings: { ...(workerOptions.bindings as object), ...settings.vars },
  } as Parameters<typeof convertV4MiniflareOptions>[0]);
}

/** Miniflare takes workerd from a variable: ours is a script that starts the real one. */
function superviseWorkerd(pidFile: string): void {
  if (process.platform === "win32") return;
  const require = createRequire(import.meta.url);
  const workerd = createRequire(require.resolve("miniflare"))("workerd") as { default: string };
  process.env.NANOFLARE_WORKERD = process.env.MINIFLARE_WORKERD_PATH ?? workerd.default;
  process.env.NANOFLARE_WORKERD_PID = pidFile;
  process.env.MINIFLARE_WORKERD_PATH = fileURLToPath(new URL("workerd.sh", import.meta.url));
}

function notStarted(error: unknown, { host, port }: LocalSettings): Error {
  const { code, message } = error as { code?: string; message: string };
  if (code === "ERR_ADDRESS_IN_USE") return portTrouble("EADDRINUSE", host, port);
  return new Trouble(`The Worker did not start: ${message.split("\n").slice(0, 3).join(" ")}`);
}
