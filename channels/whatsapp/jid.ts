import type { Person } from "../channel.ts";

/** An id without the device that wrote it: `491511:12@s.whatsapp.net` and `491511@s.whatsapp.net` are one person. */
export function bare(jid: string | null | undefined): string {
  if (!jid) return "";
  const [user = "", server = ""] = jid.split("@");
  const name = user.split(":")[0]!.split("_")[0]!;
  return `${name}@${server === "c.us" ? "s.whatsapp.net" : server}`;
}

export const isGroup = (jid: string) => jid.endsWith("@g.us");
export const isLid = (jid: string) => jid.endsWith("@lid");
const isPhone = (jid: string) => jid.endsWith("@s.whatsapp.net");

/** Whether somebody can be spoken to there: not the status list, channels, broadcasts or WhatsApp itself. */
export function isChat(jid: string): boolean {
  return isGroup(jid) || isLid(jid) || (isPhone(jid) && !jid.startsWith("0@"));
}

/** Of the forms of one id the one that stays: the LID where WhatsApp tells it. */
export function lasting(...jids: (string | null | undefined)[]): string {
  const known = jids.map(bare).filter((jid) => jid !== "");
  return known.find(isLid) ?? known[0] ?? "";
}

/**
 * A person by the forms of their id: by their LID (`123@lid`) with the phone number as alias, else by the number's
 * digits.
 */
export function personOf(name: string | null | undefined, ...jids: (string | null | undefined)[]): Person {
  const forms = jids.map(bare);
  const digits = forms.find(isPhone)?.split("@")[0];
  const lid = forms.find(isLid);
  const id = lid ?? digits ?? "";
  const aliases = lid && digits ? { aliases: [digits, `+${digits}`] } : {};
  return { id, name: name || (digits ? `+${digits}` : id), ...aliases, isBot: false };
}
