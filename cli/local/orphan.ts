import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

/** In STATE_DIR; written by workerd.sh. */
export const WORKERD_PID_FILE = "workerd.pid";

/**
 * Ends the workerd that a start left in this state when it was killed: it would hold the port and the storage. A
 * process that is no workerd is somebody else's and is left alone. Answers whether there was such a start.
 */
export async function endOrphan(stateDir: string): Promise<boolean> {
  const pid = pidIn(join(stateDir, WORKERD_PID_FILE));
  if (pid === undefined) return false;
  if (await isWorkerd(pid)) signal(pid, "SIGKILL");
  forgetWorkerd(stateDir);
  return true;
}

/** A start that ends by itself leaves nothing behind. */
export function forgetWorkerd(stateDir: string): void {
  rmSync(join(stateDir, WORKERD_PID_FILE), { force: true });
}

function pidIn(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, "utf8"));
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

async function isWorkerd(pid: number): Promise<boolean> {
  if (!signal(pid, 0)) return false;
  const { stdout } = await promisify(execFile)("ps", ["-o", "args=", "-p", String(pid)]).catch(() => ({
    stdout: "",
  }));
  return /workerd(\.exe)? serve /.test(stdout);
}

/** Whether the process was there to get it. Signal 0 only asks. */
function signal(pid: number, name: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
