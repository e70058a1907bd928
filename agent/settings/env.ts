import { Refused, type Written } from "./written.ts";

const MOST_VARIABLES = 20;
const LONGEST = 200;
/** What would change which program runs, or how a shell, a loader or an interpreter starts. */
const STEERS =
  /^(?:PATH|HOME|USER|SHELL|IFS|ENV|BASH_.*|LD_.*|DYLD_.*|NODE_.*|PYTHON.*|PERL.*|RUBY.*|GIT_.*|.*_PROXY)$/i;
/** A command can print its environment: what is secret has no place there. */
const SECRET = /KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH|COOKIE|SESSION/i;

/** Harmless variables for commands, each `NAME=value`. Null where there are none. */
export function env(written: Written): string[] | null {
  const list = typeof written === "string" ? written.split(",") : written;
  if (!Array.isArray(list) || list.length > MOST_VARIABLES)
    throw new Refused(`env is a list of up to ${MOST_VARIABLES}, such as TZ=Asia/Tokyo,EDITOR=vi.`);
  const all = list.map((entry) => checkVariable(String(entry).trim())).filter(Boolean);
  return all.length > 0 ? [...new Map(all.map((entry) => [nameIn(entry), entry])).values()] : null;
}

function nameIn(entry: string): string {
  return entry.slice(0, entry.indexOf("="));
}

function checkVariable(entry: string): string {
  if (entry === "") return "";
  const [, name = "", value = ""] = /^([A-Za-z_]\w{0,63})=(.*)$/s.exec(entry) ?? [];
  if (!name) throw new Refused(`"${entry.slice(0, 60)}" is no variable; write e.g. TZ=Asia/Tokyo.`);
  if (STEERS.test(name)) throw new Refused(`${name} steers how programs start, so it can't be set.`);
  if (SECRET.test(name))
    throw new Refused(`${name} sounds like a secret, and commands can read their variables.`);
  if (value.length > LONGEST || /\p{Cc}/u.test(value))
    throw new Refused(`The value of ${name} has up to ${LONGEST} characters on one line.`);
  return entry;
}
