const DONE = "NANOFLARE_COMPANION_FRUGAL";
const FLAGS = ["--max-semi-space-size=1", "--optimize-for-size"];

/**
 * Starts this process again in its own place, with a heap that is collected early and buffers that go back to the system.
 * Does nothing where a process cannot be replaced (Windows), or when it was done already. Call it before anything large
 * is loaded.
 */
export function startFrugally(): void {
  const { execve, execPath, execArgv, argv, env } = process;
  if (env[DONE] || !execve || process.platform === "win32") return;
  const allocator = { MALLOC_MMAP_THRESHOLD_: "131072", MALLOC_ARENA_MAX: "2" };
  const again = { ...env, ...allocator, [DONE]: "1" } as NodeJS.ProcessEnv;
  execve(execPath, [execPath, ...FLAGS, ...execArgv, ...argv.slice(1)], again);
}
