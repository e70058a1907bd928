import { now } from "./clock.ts";

/** From the most to the least. `LOG_LEVEL` names the first that is written. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Writes a line of JSON to the log where `least`, which is LOG_LEVEL, lets it through: `debug` is what came in and how
 * it ended, `warn` what failed and is tried again, `error` what failed. `where` holds no secret and no message's text.
 */
export function log(level: LogLevel, least: LogLevel, what: string, where: Record<string, unknown>): void {
  if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(least)) return;
  console[level](JSON.stringify({ at: new Date(now()).toISOString(), level, what, ...where }));
}

/** What an error says, in a line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
