import { randomBytes } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Trouble } from "../trouble.ts";

/** Files in STATE_DIR that other commands read too. */
export const ADMIN_TOKEN_FILE = "admin-token";
export const TELEGRAM_SECRET_FILE = "telegram-webhook-secret";
/** The companion reads it too: see bridge/config.ts. */
export const BRIDGE_TOKEN_FILE = "bridge-token";

const LOCK_FILE = "lock";

/** Makes the folder if it is not there, for its owner alone. Throws `Trouble` when it cannot be written. */
export function openState(stateDir: string): void {
  // Whatever this process and its children write is for its owner alone.
  process.umask(0o077);
  try {
    makeFolder(stateDir);
    chmodSync(stateDir, 0o700);
    accessSync(stateDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Trouble(`STATE_DIR ${stateDir} cannot be written (${code}): choose a folder of your own.`);
  }
}

/** Like `recursive`, which never ends in a folder such as /proc that is there and takes no new ones. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  if (!existsSync(dirname(folder))) makeFolder(dirname(folder));
  mkdirSync(folder, { mode: 0o700 });
}

/**
 * Takes the state for this process; ends with the process, however it ends. A lock of the operating system, since the
 * id of a killed process may belong to somebody else by now. Throws `Trouble` when another instance has it.
 */
export function lockState(stateDir: string): Disposable {
  const lock = open(join(stateDir, LOCK_FILE), stateDir);
  try {
    // A command that asks whether it is locked holds it for a moment.
    lock.exec("PRAGMA busy_timeout = 200; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (!/locked/.test((error as Error).message)) throw unwritable(stateDir, error);
    throw new Trouble(`Another nanoflare runs on ${stateDir}: stop it, or set STATE_DIR to another folder.`);
  }
  return { [Symbol.dispose]: () => lock.close() };
}

/** Whether an instance has the state at this moment. */
export function isLocked(stateDir: string): boolean {
  const file = join(stateDir, LOCK_FILE);
  if (!existsSync(file)) return false;
  try {
    using lock = new DatabaseSync(file, { readOnly: true });
    lock.exec("SELECT * FROM sqlite_schema");
    return false;
  } catch (error) {
    return /locked/.test((error as Error).message);
  }
}

function open(file: string, stateDir: string): DatabaseSync {
  try {
    return new DatabaseSync(file);
  } catch (error) {
    throw unwritable(stateDir, error);
  }
}

function unwritable(stateDir: string, error: unknown): Trouble {
  return new Trouble(
    `STATE_DIR ${stateDir} cannot be written (${(error as Error).message}): choose a folder of your own.`,
  );
}

/** The secret in a file of the state; made at the first start, then kept. */
export function keptSecret(stateDir: string, name: string): string {
  const file = join(stateDir, name);
  const kept = readSecret(file);
  if (kept) return kept;
  const secret = randomBytes(32).toString("base64url");
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

/** The secret in a file, or undefined when there is none. */
export function readSecret(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim() || undefined;
  } catch {
    return undefined;
  }
}
