import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const GONE_WITHIN_MS = 5000;

/**
 * Ends the workerd whose process id is in the file, left by a start that was killed: it would hold the port and the
 * storage. A process that is no workerd is somebody else's and is left alone.
 */
export async function endOrphan(pidFile: string): Promise<void> {
  const pid = pidIn(pidFile);
  if (pid === undefined || !(await isWorkerd(pid))) return;
  signal(pid, "SIGKILL");
  const deadline = Date.now() + GONE_WITHIN_MS;
  // Its entry may stay for a while after it ended; a process without a command line holds nothing any more.
  while ((await isWorkerd(pid)) && Date.now() < deadline) await sleep(20);
  rmSync(pidFile, { force: true });
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
