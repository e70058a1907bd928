import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Trouble } from "../trouble.ts";
import type { LocalSettings } from "./settings.ts";

const PAUSE_MS = 50;

/**
 * Resolves when the port is free; waits so many milliseconds for that, since a process that was killed may hold it for
 * a moment more. Throws `Trouble` that says what to do when it is not.
 */
export async function requirePort(settings: LocalSettings, patienceMs: number): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const code = await tryPort(settings);
    if (code === undefined) return;
    if (code !== "EADDRINUSE" || Date.now() >= deadline)
      throw portTrouble(code, settings.host, settings.port);
    await sleep(PAUSE_MS);
  }
}

/** The system's error code, or undefined when the port can be listened on. */
function tryPort({ host, port }: LocalSettings): Promise<string | undefined> {
  const probe = createServer();
  return new Promise((resolve) => {
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    probe.listen({ host: host === "*" ? undefined : host, port }, () =>
      probe.close(() => resolve(undefined)),
    );
  });
}

/** Why nobody can listen there, by the system's error code. */
export function portTrouble(code: string | undefined, host: string, port: number): Trouble {
  switch (code) {
    case "EADDRINUSE":
      return new Trouble(`Port ${port} is in use: stop what listens there, or set PORT to another one.`);
    case "EACCES":
      return new Trouble(`Port ${port} may not be used without privileges: set PORT to one from 1024 on.`);
    default:
      return new Trouble(`HOST="${host}" cannot be listened on (${code}): 127.0.0.1 always works.`);
  }
}
