import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, type MiniflareOptions } from "miniflare";
import { Trouble } from "../trouble.ts";
import type { Bundle } from "./bundle.ts";
import { endOrphan } from "./orphan.ts";
import type { LocalSettings } from "./settings.ts";

const WORKERD_PID_FILE = "workerd.pid";

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
  await endOrphan(join(settings.stateDir, WORKERD_PID_FILE));
  await requirePort(settings);
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
    handleStructuredLogs: ({ message }: { message: string }) => line(message),
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

/** Tries the port before workerd does: its own complaint is long. */
function requirePort({ host, port }: LocalSettings): Promise<void> {
  const probe = createServer();
  return new Promise((resolve, reject) => {
    probe.once("error", (error: NodeJS.ErrnoException) => reject(portTrouble(error.code, host, port)));
    probe.listen({ host: host === "*" ? undefined : host, port }, () => probe.close(() => resolve()));
  });
}

function portTrouble(code: string | undefined, host: string, port: number): Trouble {
  switch (code) {
    case "EADDRINUSE":
      return new Trouble(`Port ${port} is in use: stop what listens there, or set PORT to another one.`);
    case "EACCES":
      return new Trouble(`Port ${port} may not be used without privileges: set PORT to one from 1024 on.`);
    default:
      return new Trouble(`HOST="${host}" cannot be listened on (${code}): 127.0.0.1 always works.`);
  }
}

function notStarted(error: unknown, { host, port }: LocalSettings): Error {
  const { code, message } = error as { code?: string; message: string };
  if (code === "ERR_ADDRESS_IN_USE") return portTrouble("EADDRINUSE", host, port);
  return new Trouble(`The Worker did not start: ${message.split("\n").slice(0, 3).join(" ")}`);
}
