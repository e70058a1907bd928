/**
 * Starts this process again in its own place, with a small heap and large buffers given back to the system. Building
 * workerd's configuration leaves 90 MB of buffers behind, which the C library would keep for ever otherwise. Does
 * nothing where a process cannot be replaced (Windows), or when it was done already.
 */
export function startFrugally(): void {
  const { execve, execPath, argv, env } = process;
  if (env[DONE] || !execve || process.platform === "win32") return;
  const allocator = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_ARENA_MAX: "2" };
  execve(execPath, [execPath, ...FLAGS, ...argv.slice(1)], {
    ...env,
    ...allocator,
    [DONE]: "1",
  } as NodeJS.ProcessEnv);
}

const DONE = "NANOFLARE_FRUGAL";
const FLAGS = ["--max-semi-space-size=1", "--max-old-space-size=128", "--expose-gc"];

/** Lets go of what only the start needed. */
export function giveBack(): void {
  const { gc } = globalThis as { gc?: () => void };
  gc?.();
}
