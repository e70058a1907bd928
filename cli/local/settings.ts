import { readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { Trouble } from "../trouble.ts";

/** The folder of the checkout: wrangler.toml, .dev.vars and the default state are here. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

const DEFAULT_PORT = 8787;

/** Where a local install listens and keeps its state, and what its Worker is given. */
export interface LocalSettings {
  host: string;
  port: number;
  stateDir: string;
  /** The address for a browser or client on this machine, without a slash at its end. */
  url: string;
  /** PORT or HOST is set: an install elsewhere is not meant. */
  chosen: boolean;
  /** Variables for the Worker, by name. */
  vars: Record<string, string>;
}

/** Variables of the environment that the Worker knows; everything else in it stays outside. */
const KNOWN =
  /^(MODEL|MODEL_FALLBACKS|TRANSCRIPTION_MODEL|MODEL_STALL_TIMEOUT|MAX_TOKENS|MAX_TURNS|TURN_TIMEOUT|TEMPERATURE|EXEC_TIMEOUT|HEARTBEAT_INTERVAL|ASSISTANT_NAME|TIMEZONE|ALLOW_FROM|OUTBOUND_ALLOW|WEB_FETCH_ALLOW|DNS_RESOLVER|LOG_LEVEL|API_KEY|API_BASE|[A-Z0-9_]+_API_(KEY|BASE)|CLOUDFLARE_(API_TOKEN|ACCOUNT_ID)|BUDGET_[A-Z_]+|MCP_[A-Z0-9_]+|(TELEGRAM|DISCORD|FEISHU|WHATSAPP)_[A-Z0-9_]+|(WEB|CLI)_ENABLED|BRIDGE_TOKEN|ADMIN_TOKEN|NANOBOT_[A-Z0-9_]+|PI_BASE_URL|PI_API_KEY|PI_MODEL|OPENAI_BASE_URL|CONTAINER_TIMEOUT)$/;

/** Read by the start itself. */
const OWN = new Set(["PORT", "HOST", "STATE_DIR"]);

/**
 * Reads the environment and `.dev.vars` in `folder`; the environment wins, an empty value counts as not set.
 * Throws `Trouble` on a PORT that is none and on a `.dev.vars` that cannot be read.
 */
export function readSettings(env: NodeJS.ProcessEnv, folder: string = ROOT): LocalSettings {
  const written = devVars(join(folder, ".dev.vars"));
  const all = { ...written, ...filled(env) };
  const host = all.HOST ?? "127.0.0.1";
  const port = portOf(all.PORT);
  // A relative folder is meant from where the person stands; without one the state stays with the checkout.
  const stateDir = all.STATE_DIR ? resolve(all.STATE_DIR) : join(folder, ".nanoflare");
  const secrets = namedIn(all.MCP_SERVERS);
  const isMeant = (name: string) => name in written || KNOWN.test(name) || secrets.includes(name);
  const names = Object.keys(all).filter((name) => !OWN.has(name) && isMeant(name));
  return {
    host,
    port,
    stateDir,
    url: urlOf(host, port),
    chosen: all.HOST !== undefined || all.PORT !== undefined,
    vars: Object.fromEntries(names.map((name) => [name, all[name]!])),
  };
}

/** The variables that `MCP_SERVERS` names: `"token":"NOTES_TOKEN"`, `"x-key":"$NOTES_KEY"`. */
function namedIn(servers = ""): string[] {
  return [...servers.matchAll(/[:$"\s]([A-Z][A-Z0-9_]{2,63})["\s]/g)].map(([, name]) => name!);
}

function filled(vars: NodeJS.Dict<string>): Record<string, string> {
  const entries = Object.entries(vars).filter(([, value]) => value !== undefined && value.trim() !== "");
  return Object.fromEntries(entries) as Record<string, string>;
}

function portOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : 0;
  if (port < 1 || port > 65535)
    throw new Trouble(`PORT="${text}" is not a port; choose a number from 1 to 65535.`);
  return port;
}

/** Whoever listens on all addresses is reached at loopback. */
function urlOf(host: string, port: number): string {
  const reachable = host === "0.0.0.0" || host === "::" || host === "*" ? "127.0.0.1" : host;
  return `http://${isIPv6(reachable) ? `[${reachable}]` : reachable}:${port}`;
}

function devVars(file: string): Record<string, string> {
  const text = textOf(file);
  const wrong = wrongLine(text);
  if (wrong)
    throw new Trouble(`.dev.vars, line ${wrong}: write NAME=value, one a line (# begins a comment).`);
  return filled(parseEnv(text));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "";
    throw new Trouble(`.dev.vars cannot be read (${code}): make ${file} a file that you may read.`);
  }
}

/** Number of the first line that says nothing; the parser itself passes over such lines in silence. */
function wrongLine(text: string): number | undefined {
  const plain = text
    .replaceAll(/^\s*#.*$/gm, "")
    .replaceAll(/=[^\S\n]*(["'`])[\s\S]*?\1/g, (quoted) => `=${quoted.replaceAll(/[^\n]/g, "")}`);
  const lines = plain.split(/\r?\n/);
  const index = lines.findIndex(
    (line) => line.trim() !== "" && !/^\s*(export\s+)?[A-Za-z_]\w*\s*=/.test(line),
  );
  return index < 0 ? undefined : index + 1;
}
