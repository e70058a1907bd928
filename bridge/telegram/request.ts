import type { PollOptions } from "./poll.ts";

/** How long the Bot API may keep a question for updates open. */
export const LONG_POLL_SECONDS = 30;

/** Something that waiting may mend; `afterMs` is how long, where the other side said it. */
export class Unavailable extends Error {
  readonly afterMs: number | undefined;
  constructor(message: string, afterMs?: number) {
    super(message);
    this.afterMs = afterMs;
  }
}

/** Posts JSON. A long poll answers after its own time at the latest; a request that takes much longer hangs. */
export function post(
  url: string,
  value: object,
  options: PollOptions,
  headers: Record<string, string> = {},
): Promise<Response> {
  const hung = AbortSignal.timeout((LONG_POLL_SECONDS + 15) * 1000);
  return options.fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(value),
    redirect: "manual",
    signal: AbortSignal.any([options.signal, hung]),
  });
}
