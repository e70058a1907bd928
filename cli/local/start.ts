import { readFileSync } from "node:fs";
import { join } from "node:path";
import { styleText } from "node:util";
import { ask, clientOf, type Target } from "../client.ts";
import { Trouble } from "../trouble.ts";
import { bundleWorker } from "./bundle.ts";
import { giveBack } from "./frugal.ts";
import { endOrphan, forgetWorkerd } from "./orphan.ts";
import { requirePort } from "./port.ts";
import { forgetUrl, tellUrl } from "./running.ts";
import { type LocalSettings, ROOT, readSettings } from "./settings.ts";
import {
  ADMIN_TOKEN_FILE,
  BRIDGE_TOKEN_FILE,
  keptSecret,
  lockState,
  openState,
  TELEGRAM_SECRET_FILE,
} from "./state.ts";
import { welcome } from "./welcome.ts";

/** A killed workerd lets go of its port within this time. */
const ORPHAN_GONE_MS = 5000;
const PARENT_CHECK_MS = 500;
/** Read as early as can be: it may end while this starts. */
const PARENT = process.ppid;
const HOUR_MS = 60 * 60 * 1000;

/**
 * `npm start`: the Worker on this machine, with a console and without an account. Runs until SIGINT or SIGTERM.
 * Throws `Trouble` for what the person can mend.
 */
export async function start(env: NodeJS.ProcessEnv = process.env): Promise<void> {
  requireNode();
  const settings = readSettings(env);
  openState(settings.stateDir);
  using _lock = lockState(settings.stateDir);
  forgetUrl(settings.stateDir);
  const { vars } = settings;
  vars.ADMIN_TOKEN ??= keptSecret(settings.stateDir, ADMIN_TOKEN_FILE);
  vars.TELEGRAM_WEBHOOK_SECRET ??= keptSecret(settings.stateDir, TELEGRAM_SECRET_FILE);
  vars.BRIDGE_TOKEN ??= keptSecret(settings.stateDir, BRIDGE_TOKEN_FILE);
  const killed = await endOrphan(settings.stateDir);
  await requirePort(settings, killed ? ORPHAN_GONE_MS : 0);
  warnOfOthers(settings);
  // Loading the server takes as long as a part of the build; they go side by side.
  const server = import("./serve.ts");
  const bundle = await bundleWorker(settings.stateDir, () =>
    progress("Building the Worker (once per version) …"),
  );
  progress("Starting …");
  const serving = await (await server).serve(bundle, settings, (line) => console.error(line));
  const target = { url: settings.url, token: vars.ADMIN_TOKEN, local: { stateDir: settings.stateDir } };
  tellUrl(settings.stateDir, settings.url);
  console.log(await welcome(target, version()));
  giveBack();
  const sweeps = sweepHourly(target);
  await told(["SIGINT", "SIGTERM", "SIGHUP"]);
  clearInterval(sweeps);
  forgetUrl(settings.stateDir);
  await serving.close();
  forgetWorkerd(settings.stateDir);
}

function requireNode(): void {
  if (Number(process.versions.node.split(".")[0]) >= 24) return;
  throw new Trouble(
    `nanoflare needs Node 24; this is ${process.version}. npm ci brings it: start with npm start.`,
  );
}

function version(): string {
  return (JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as { version: string }).version;
}

function progress(text: string): void {
  console.log(styleText("dim", text));
}

function warnOfOthers({ host }: LocalSettings): void {
  if (["127.0.0.1", "::1", "localhost"].includes(host)) return;
  console.warn(
    `Warning: HOST=${host} lets everybody in who reaches this machine; the console and API still ask for a login.`,
  );
}

/** Cron triggers fire in the cloud only; here the start knocks, at once and every hour. */
function sweepHourly(target: Target): NodeJS.Timeout {
  const sweep = () =>
    ask(target, clientOf(target).sweep.$post()).catch((error: Error) =>
      console.error(`The sweep failed: ${error.message}`),
    );
  void sweep();
  return setInterval(sweep, HOUR_MS);
}

/** Resolves when the process is told to end. */
function told(signals: NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of signals) process.once(signal, () => resolve());
    // npm passes signals to the shell that it started us with, and the shell ends without telling us.
    const orphaned = () => process.ppid !== PARENT && resolve();
    if (process.env.npm_lifecycle_event) setInterval(orphaned, PARENT_CHECK_MS).unref();
  });
}
