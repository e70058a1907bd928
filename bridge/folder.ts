import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Trouble } from "./trouble.ts";

/**
 * Makes the companion's folder for its owner alone, and takes it for this process, however that ends. Throws `Trouble`
 * when it cannot be written or another companion has it.
 */
export function openFolder(folder: string): Disposable {
  // Keys of linked accounts are written below: files are 0600, folders 0700.
  process.umask(0o077);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    const lock = new DatabaseSync(join(folder, "lock"));
    lock.exec("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return { [Symbol.dispose]: () => lock.close() };
  } catch (error) {
    const { message } = error as Error;
    if (/locked/.test(message)) throw new Trouble(`Another companion runs on ${folder}: stop it first.`);
    throw new Trouble(`${folder} cannot be written (${message}): choose another with COMPANION_DIR.`);
  }
}
