import { log as write } from "../durable-objects/log.ts";

/** Writes what went wrong to the log, as one line of JSON; the outside gets a short sentence instead. */
export function log(what: string, error: unknown, where: Record<string, string | number>): void {
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  write("error", "error", what, { ...where, message, stack });
}
