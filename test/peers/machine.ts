import { spawnSync } from "node:child_process";

const NEEDED = ["bash", "python3", "timeout", "prlimit", "setpriv"];

/** Why commands of a container can't run on this machine, or undefined. */
export function whyNoHands(): string | undefined {
  if (process.platform !== "linux") return "it needs Linux";
  const missing = NEEDED.filter((name) => spawnSync("which", [name]).status !== 0);
  return missing.length > 0 ? `this machine has no ${missing.join(", ")}` : undefined;
}
