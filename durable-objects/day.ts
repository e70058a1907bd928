/** Making a format takes longer than all that is done with it. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** The day of a moment, in milliseconds, in an IANA zone: `2026-11-21`. */
export function dayOf(at: number, timezone: string): string {
  // Sweden writes dates this way.
  const format = formats.get(timezone) ?? new Intl.DateTimeFormat("sv-SE", { timeZone: timezone });
  formats.set(timezone, format);
  return format.format(at);
}
