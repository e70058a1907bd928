/**
 * What to do when WhatsApp closed the connection. `again`: connect after so many milliseconds; `forget`: the link is gone
 * and its keys are useless; `rest`: coming back would do harm, the owner decides.
 */
export type Next =
  | { do: "again"; afterMs: number }
  | { do: "forget"; problem: string }
  | { do: "rest"; problem: string };

const FIRST_MS = 1000;
const LONGEST_MS = 60_000;

/**
 * By the status code of the disconnect: https://baileys.wiki/docs/socket/connecting
 * @param failures connections in a row that did not open
 */
export function afterDisconnect(code: number | undefined, failures: number): Next {
  switch (code) {
    // Normal after linking.
    case 515:
      return { do: "again", afterMs: 0 };
    case 401:
      return { do: "forget", problem: "The phone removed the link, or WhatsApp did." };
    case 411:
      return { do: "forget", problem: "The phone does not allow linked devices any more." };
    case 440:
      return {
        do: "rest",
        problem: "Another program uses this link: stop that one, then restart the companion.",
      };
    case 403:
      return { do: "rest", problem: "WhatsApp has blocked this account; see the WhatsApp app on the phone." };
    case 405:
      return {
        do: "rest",
        problem: "WhatsApp does not take this version of the companion: update nanoflare.",
      };
    default:
      return { do: "again", afterMs: Math.min(FIRST_MS * 2 ** failures, LONGEST_MS) };
  }
}

/** Why a connection ended, as Baileys tells it. */
export interface Closed {
  message?: string;
  output?: { statusCode?: number };
}

/** What to tell of a connection that could not be made. */
export function unreachable(reason = "no reason was given"): string {
  return `WhatsApp cannot be reached (${reason.replace(/^WebSocket Error \((.*)\)$/s, "$1").slice(0, 200)}).`;
}
