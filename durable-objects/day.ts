/** The day of a moment, in milliseconds, in an IANA zone: `2026-11-21`. */
export function dayOf(at: number, timezone: string): string {
  // Sweden writes dates this way.
  return new Intl.DateTimeFormat("sv-SE", { timeZone: timezone }).format(at);
}
