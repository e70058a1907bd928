import { isNo, isYes } from "../channels/enabled.ts";
import { domainOf } from "../channels/feishu/api.ts";

/** An id of a network, or of every network: it holds a digit, or begins as Feishu's do. */
const PERSON = /^(?=.*(?:\d|o[nu]_))(?:(?:telegram|discord|feishu|whatsapp):[^\s@]\S*|[^\s@:][^\s:]*)$/;
const HOST = /^(?:[a-z\d][\w.-]*|\[[a-f\d:.]+\])(?::\d+)?$/i;
const TOKEN = "must be a bot token, which looks like 123456:ABC-DEF; @BotFather gives you one.";
const SECRET = "must have 1 to 256 characters of A-Z, a-z, 0-9, _ and -.";

/** Sentences about variables that are more than text and stay text; the first pattern that fits a name is its rule. */
const CHECKS: [name: RegExp, wrong: (value: string) => string | false | undefined][] = [
  [/^ALLOW_FROM$/, people],
  [/^(OUTBOUND|WEB_FETCH)_ALLOW$/, hosts],
  [/^TELEGRAM_BOT_TOKEN$/, (value) => !/^\d+:[\w-]+$/.test(value) && TOKEN],
  [/^TELEGRAM_WEBHOOK_SECRET$/, (value) => !/^[\w-]{1,256}$/.test(value) && SECRET],
  [/^BRIDGE_TOKEN$/, (value) => value.length < 16 && "is too short; choose 16 random characters or more."],
  [/^FEISHU_DOMAIN$/, (value) => !domainOf(value) && "may be feishu (China) or lark (elsewhere)."],
  [
    /^(TELEGRAM|DISCORD|FEISHU|WHATSAPP|WEB|CLI)_(ENABLED|SEEN|PREFIX|POLLING|GATEWAY|LONG_CONNECTION|SHARED_NUMBER)$/,
    (value) => !isYes(value) && !isNo(value) && "may be true or false.",
  ],
];

/** What is wrong with these variables, and the fix. No value of a secret is shown. */
export function checkVariables(vars: Readonly<Record<string, string | undefined>>): string[] {
  return Object.entries(vars).flatMap(([name, value = ""]) => {
    const wrong = CHECKS.find(([pattern]) => pattern.test(name))?.[1](value);
    return wrong ? [`${name} ${wrong}`] : [];
  });
}

function people(list: string): string | undefined {
  const wrong = notIn(PERSON, list.split(","));
  return wrong && `counts ${wrong} for nobody: write ids such as telegram:1001, or 1001 for every network.`;
}

function hosts(list: string): string | undefined {
  const wrong = notIn(HOST, list.split(/[\s,]+/));
  return wrong && `cannot use ${wrong}: write hosts without http:// or *, such as 127.0.0.1:8123.`;
}

function notIn(pattern: RegExp, entries: string[]): string {
  const wrong = entries.map((entry) => entry.trim()).filter((entry) => entry && !pattern.test(entry));
  return wrong.map((entry) => `"${entry.slice(0, 60)}"`).join(", ");
}
