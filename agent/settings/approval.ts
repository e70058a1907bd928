import { RIGHTS } from "../rights.ts";
import { allow } from "./allow.ts";
import { Refused, type Written } from "./written.ts";

const MOST_MARKS = 50;
const TOOLS = new Set(RIGHTS.flatMap(({ keys }) => keys).filter((key) => key.startsWith("tool:")));

/** Which calls wait for somebody's yes: names of tools, and commands as `bash:git push*`. */
export function approval(written: Written): string[] | null {
  const list = typeof written === "string" ? written.split(",") : written;
  if (!Array.isArray(list) || list.length > MOST_MARKS)
    throw new Refused(`approval is up to ${MOST_MARKS} tools or commands, e.g. send_message,bash:git push*.`);
  const marks = list.map((entry) => String(entry).trim()).filter(Boolean);
  const bad = marks.find((mark) => !isMark(mark));
  if (bad !== undefined)
    throw new Refused(
      `"${bad.slice(0, 60)}" is no tool. Write tools such as bash or send_message, or commands such as bash:git push*.`,
    );
  return marks.length > 0 ? [...new Set(marks)] : null;
}

/** Who may say yes: ids of people. Null: main. */
export function approvers(written: Written): string[] | null {
  if (typeof written === "string" && /^main$/i.test(written.trim())) return null;
  if (typeof written === "string" && /^everyone$/i.test(written.trim()))
    throw new Refused("approvers are main, nobody, or ids such as telegram:1001.");
  return allow(written);
}

/** A name that is misspelled would ask for nothing: it has to be known, unless a server brings it. */
function isMark(mark: string): boolean {
  if (/^bash:(?=.*\S)[^\n]{1,200}$/.test(mark)) return true;
  if (!/^[\w*-]{1,128}$/.test(mark)) return false;
  return mark.includes("*") || mark.includes("__") || TOOLS.has(`tool:${mark}`);
}
