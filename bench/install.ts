import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { BenchPeers } from "./peers.ts";

const SECRET = "bench-secret";

/** A real local start in a folder of its own. */
export interface Install {
  url: string;
  stateDir: string;
  child: ChildProcess;
  /** Posts a Telegram update; answers its status. */
  post(update: object): Promise<number>;
  /** An admin call. */
  api(path: string, method?: string, body?: object): Promise<unknown>;
  /** Bytes that all its processes use, shared pages split among those that share them (PSS). */
  memory(): number;
  kill(): Promise<void>;
  remove(): Promise<void>;
}

/** Starts one and waits until /healthz answers. */
export async function startInstall(
  peers: BenchPeers,
  stateDir = mkdtempSync(join(tmpdir(), "nanoflare-bench-")),
  more: Record<string, string> = {},
): Promise<Install> {
  const port = await freePort();
  const env = {
    ...process.env,
    PORT: String(port),
    STATE_DIR: stateDir,
    API_BASE: peers.modelBase,
    MODEL: "instant",
    TELEGRAM_API_ROOT: peers.telegramRoot,
    TELEGRAM_BOT_TOKEN: "1:bench",
    TELEGRAM_WEBHOOK_SECRET: SECRET,
    ALLOW_FROM: "telegram:1001",
    BUDGET_INSTALL_TOKENS: "2000000000",
    BUDGET_GROUP_TOKENS: "2000000000",
    ...more,
  };
  const child = spawn(process.execPath, ["cli/start.ts"], { env, stdio: "ignore", detached: true });
  const url = `http://127.0.0.1:${port}`;
  await ready(url, child);
  const headers = { "content-type": "application/json", "x-telegram-bot-api-secret-token": SECRET };
  return {
    url,
    stateDir,
    child,
    post: async (update) => {
      const response = await fetch(`${url}/webhook/telegram`, {
        method: "POST",
        headers,
        body: JSON.stringify(update),
      });
      await response.arrayBuffer();
      return response.status;
    },
    api: async (path, method = "GET", body) => {
      const authorization = `Bearer ${readFileSync(join(stateDir, "admin-token"), "utf8").trim()}`;
      const response = await fetch(`${url}/api${path}`, {
        method,
        headers: { authorization, "content-type": "application/json" },
        body: body && JSON.stringify(body),
      });
      return response.json();
    },
    memory: () => pss(child.pid!),
    kill: () => end(child, "SIGKILL"),
    remove: async () => {
      await end(child, "SIGTERM");
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

let serial = Math.floor(Math.random() * 1e6) * 1000;

/** An update of a direct chat, or of a group where `title` is given. */
export function update(chat: number, text: string, title?: string, sender = 1001): object {
  serial++;
  const place = title
    ? { id: chat, type: "supergroup", title }
    : { id: chat, type: "private", first_name: "Ann" };
  const from = { id: sender, is_bot: false, first_name: "Ann" };
  return {
    update_id: serial,
    message: { message_id: serial, date: Math.floor(Date.now() / 1000), chat: place, from, text },
  };
}

/** PSS of a process and all its children, in bytes. */
export function pss(pid: number): number {
  const all = new Map<number, number[]>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const parent = Number(/^PPid:\s+(\d+)/m.exec(text(`/proc/${entry}/status`))?.[1] ?? 0);
    all.set(parent, [...(all.get(parent) ?? []), Number(entry)]);
  }
  const family = [pid];
  for (let index = 0; index < family.length; index++) family.push(...(all.get(family[index]!) ?? []));
  return family.reduce(
    (sum, one) => sum + Number(/^Pss:\s+(\d+)/m.exec(text(`/proc/${one}/smaps_rollup`))?.[1] ?? 0) * 1024,
    0,
  );
}

function text(file: string): string {
  try {
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  } catch {
    return "";
  }
}

async function ready(url: string, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the start ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((done) => setTimeout(done, 20));
  }
}

function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    child.once("exit", () => done());
    process.kill(-child.pid!, signal);
  });
}

/** A port that nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => done(port));
    });
  });
}

/** The gzip size of what `wrangler deploy` would upload, in KiB. */
export function uploadKiB(): number {
  const output = execFileSync("wrangler", ["deploy", "--dry-run", "--outdir", "dist/deploy"], {
    encoding: "utf8",
  });
  return Number(/gzip: ([\d.]+) KiB/.exec(output)?.[1]);
}

/**
 * Milliseconds of CPU that the Worker's top level takes, by `wrangler check startup`, without what the profiler idled:
 * the least of three, as other work only adds.
 */
export function startUpMs(): number {
  const times = [1, 2, 3].map(() => {
    const profile = join(mkdtempSync(join(tmpdir(), "nanoflare-bench-")), "startup.cpuprofile");
    execFileSync("wrangler", ["check", "startup", "--outfile", profile], { stdio: "ignore" });
    const ran = ranMs(JSON.parse(readFileSync(profile, "utf8")));
    rmSync(dirname(profile), { recursive: true });
    return ran;
  });
  return Math.min(...times);
}

/** A V8 CPU profile; times in microseconds. */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string } }[];
  samples: number[];
  timeDeltas: number[];
}

function ranMs({ nodes, samples, timeDeltas }: CpuProfile): number {
  const idle = new Set(
    nodes.filter(({ callFrame }) => callFrame.functionName === "(idle)").map(({ id }) => id),
  );
  return timeDeltas.reduce((sum, delta, at) => (idle.has(samples[at]!) ? sum : sum + delta), 0) / 1000;
}
