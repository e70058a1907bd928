import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { keepBundles, lendBundles } from "./bundles.ts";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const READY_WITHIN_MS = 60_000;

export interface InstallOptions {
  env?: Record<string, string>;
  stateDir?: string;
  port?: number;
  /** As on a new machine: with nothing built before. */
  cold?: boolean;
}

/** A real `npm start`, in a process group of its own. */
export interface Install {
  url: string;
  port: number;
  stateDir: string;
  /** The variables that it was started with; the command line takes the same. */
  env: Record<string, string>;
  /** From the start to the line that says it is ready. */
  readyMs: number;
  /** All that it has printed so far. */
  output(): string;
  /** SIGKILL for the whole group: npm, Node and workerd. Resolves when they are gone. */
  kill(): Promise<void>;
  /** SIGTERM for npm, as a service manager does. Resolves when nothing of the group is left. */
  stop(): Promise<void>;
}

/** A folder that belongs to one test. */
export function freshFolder(): string {
  return mkdtempSync(join(tmpdir(), "nanoflare-e2e-"));
}

/** A port that nobody listens on at this moment. */
export function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((done) => {
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}

/** Only what programs need to run: the keys of whoever runs the tests must not change them. */
export function cleanEnv(env: Record<string, string> = {}): Record<string, string> {
  const kept = ["PATH", "HOME", "TMPDIR", "LANG"].flatMap((name) =>
    process.env[name] ? [[name, process.env[name]]] : [],
  );
  return { ...Object.fromEntries(kept), NO_COLOR: "1", ...env };
}

/** Starts an install and waits until it is ready. Rejects with what it printed when it ends before. */
export async function startInstall(options: InstallOptions = {}): Promise<Install> {
  const { stateDir = freshFolder(), port = await freePort() } = options;
  if (!options.cold) lendBundles(stateDir);
  const env = cleanEnv({ ...options.env, STATE_DIR: stateDir, PORT: String(port) });
  const started = performance.now();
  const child = spawn("npm", ["start", "--silent"], {
    cwd: ROOT,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = outputOf(child);
  await readiness(child, output);
  const readyMs = performance.now() - started;
  keepBundles(stateDir);
  const url = `http://127.0.0.1:${port}`;
  return { url, port, stateDir, env, readyMs, output, kill: () => kill(child), stop: () => stop(child) };
}

/** Runs `npm start` to its end, for starts that must fail. */
export async function failInstall(
  env: Record<string, string>,
): Promise<{ code: number | null; output: string }> {
  const child = spawn("npm", ["start", "--silent"], { cwd: ROOT, env: cleanEnv(env), detached: true });
  const output = outputOf(child);
  const code = await ended(child);
  return { code, output: output() };
}

function outputOf(child: ChildProcess): () => string {
  let text = "";
  child.stdout!.on("data", (data) => (text += data));
  child.stderr!.on("data", (data) => (text += data));
  return () => text;
}

function readiness(child: ChildProcess, output: () => string): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not ready in time:\n${output()}`)), READY_WITHIN_MS);
    child.stdout!.on("data", () => {
      if (!output().includes("is ready")) return;
      clearTimeout(timer);
      resolve();
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      reject(new Error(`npm start ended with ${code}:\n${output()}`));
    });
  });
}

function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((done) => child.once("close", done));
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = ended(child);
  signalGroup(child, "SIGKILL");
  await gone;
}

async function stop(child: ChildProcess): Promise<void> {
  const gone = ended(child);
  child.kill("SIGTERM");
  await gone;
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal);
  } catch {
    // The group is gone already.
  }
}
