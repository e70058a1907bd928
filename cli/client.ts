import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hc } from "hono/client";
import type { Api } from "../workers/api.ts";
import { requireRunning, runningUrl } from "./local/running.ts";
import { type LocalSettings, readSettings } from "./local/settings.ts";
import { ADMIN_TOKEN_FILE } from "./local/state.ts";
import { Trouble } from "./trouble.ts";

/** Which install a command means. */
export interface Target {
  /** Without a slash at its end. */
  url: string;
  token: string;
  /** It runs on this machine and its state is here. */
  local?: { stateDir: string };
}

/** `--url` and `--token`, as commander gives them. */
export interface TargetOptions {
  url?: string;
  token?: string;
}

/**
 * The install that the options or the environment name, else the one that runs here, with its token. Throws `Trouble`
 * when there is no token for it and when none runs here.
 */
export function findTarget(options: TargetOptions, env: NodeJS.ProcessEnv = process.env): Target {
  const url = options.url || env.NANOFLARE_URL;
  const settings = readSettings(env);
  if (!url) return localTarget(settings, requireStarted(settings), options.token);
  if (!URL.canParse(url))
    throw new Trouble(`"${url}" is not an address; write e.g. https://nanoflare.example.workers.dev`);
  const token = options.token ?? env.ADMIN_TOKEN;
  const running = runningUrl(settings.stateDir);
  if (running && placeOf(url) === placeOf(running)) return localTarget(settings, running, token);
  if (!token) throw new Trouble(`Give the token of ${url} with --token or in ADMIN_TOKEN.`);
  return { url: url.replace(/\/+$/, ""), token };
}

function localTarget({ vars, stateDir }: LocalSettings, url: string, token?: string): Target {
  return { url, token: token ?? vars.ADMIN_TOKEN ?? localToken(stateDir), local: { stateDir } };
}

function requireStarted(settings: LocalSettings): string {
  if (existsSync(settings.stateDir)) return requireRunning(settings);
  throw neverStarted(settings.stateDir);
}

function neverStarted(stateDir: string): Trouble {
  return new Trouble(
    `nanoflare was never started on ${stateDir}: run npm start first, name another folder in STATE_DIR or an install with --url.`,
  );
}

/** The same for every way to write an address of this machine. */
function placeOf(url: string): string {
  return new URL(url).origin.replace(/\/\/(localhost|\[::1\])(?=:|$)/, "//127.0.0.1");
}

function localToken(stateDir: string): string {
  const file = join(stateDir, ADMIN_TOKEN_FILE);
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw neverStarted(stateDir);
    throw new Trouble(`${file} cannot be read (${code}): only the person who started nanoflare may use it.`);
  }
}

/** The typed client of an install's admin API. */
export function clientOf({ url, token }: Target) {
  return hc<Api>(`${url}/api`, { headers: { authorization: `Bearer ${token}` } });
}

export type Client = ReturnType<typeof clientOf>;

interface Answer {
  ok: boolean;
  status: number;
  json(): Promise<unknown>;
}

/** What an answer holds when it is no refusal. */
type Value<A extends Answer> = Exclude<Awaited<ReturnType<A["json"]>>, { error: unknown }>;

/** Waits for an answer and gives its JSON. Throws `Trouble` when nothing answers or the install refuses. */
export async function ask<A extends Answer>(target: Target, call: Promise<A>): Promise<Value<A>> {
  const answer = await call.catch((error: unknown) => {
    throw unreachable(target, error);
  });
  const value = await answer.json().catch(() => undefined);
  if (answer.ok && value !== undefined) return value as Value<A>;
  const reason = (value as { error?: unknown } | undefined)?.error;
  throw new Trouble(
    typeof reason === "string" ? reason : `${target.url} answered ${answer.status}; is it a nanoflare?`,
  );
}

/** What to say when no connection could be made. */
export function unreachable({ url, local }: Target, error?: unknown): Trouble {
  const reason = ((error as Error | undefined)?.cause as Error | undefined)?.message;
  return new Trouble(
    local
      ? `nanoflare does not run at ${url}: start it with npm start.`
      : `Nothing answers at ${url}${reason ? ` (${reason})` : ""}.`,
  );
}
