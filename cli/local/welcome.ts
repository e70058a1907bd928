import { styleText } from "node:util";
import type { Status } from "../../workers/status.ts";
import { ask, clientOf, type Target } from "../client.ts";

/** What a person sees once the install answers: where it is, how to get in, and what is not set up. */
export async function welcome(target: Target, version: string): Promise<string> {
  const client = clientOf(target);
  const [{ path }, status] = await Promise.all([
    ask(target, client["login-link"].$post()),
    ask(target, client.status.$get()),
  ]);
  const rows: [string, string][] = [
    ["Console", styleText("bold", target.url)],
    ["Log in", `${target.url}${path}  (works once)`],
    ["Model", `${status.model.name}: ${status.model.why}`],
    ["Telegram", telegramLine(status)],
    ...status.problems.map((problem): [string, string] => ["Note", problem]),
  ];
  const lines = rows.map(([name, text]) => `  ${name.padEnd(9)} ${text}`);
  return [`nanoflare ${version} is ready. Stop it with Ctrl-C.`, ...lines].join("\n");
}

function telegramLine(status: Status): string {
  const telegram = status.channels.find(({ name }) => name === "telegram");
  if (telegram?.state === "ready")
    return "set up; without a public address, set TELEGRAM_POLLING=true and run npm run telegram:poll beside this";
  if (telegram?.state === "off") return "switched off (TELEGRAM_ENABLED)";
  return `not set up: ${telegram?.problem}`;
}
