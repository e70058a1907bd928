import fc from "fast-check";

/** Another way to the same slots: every minute of a window, read from Intl's clock. */

const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const TEN_ZONES = [
  "America/New_York",
  "Europe/Berlin",
  "Australia/Lord_Howe",
  "America/Sao_Paulo",
  "Africa/Cairo",
  "Asia/Beirut",
  "Pacific/Apia",
  "America/Nuuk",
  "Africa/Casablanca",
  "Asia/Tehran",
];

const clocks = new Map<string, Intl.DateTimeFormat>();

/** The local time of an instant, in ms as if it were UTC. */
export function localOf(at: number, zone: string): number {
  let clock = clocks.get(zone);
  if (!clock) {
    clock = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" });
    clocks.set(zone, clock);
  }
  return Date.parse(`${clock.format(at).replace(" ", "T")}Z`);
}

export const offsetOf = (at: number, zone: string) => localOf(at, zone) - at;

/** The days (their first instant in UTC) in which the zone's clock changes, from one year to another. */
export function changeDays(zone: string, from: number, to: number): number[] {
  const days: number[] = [];
  for (let day = Date.UTC(from, 0); day < Date.UTC(to, 0); day += DAY) {
    if (offsetOf(day, zone) !== offsetOf(day + DAY, zone)) days.push(day);
  }
  return days;
}

/** What the clock shows at each minute of a window; `step` (minutes) is how often Intl is asked. */
export function minutesOf(
  zone: string,
  from: number,
  to: number,
  step = 15,
): { at: number; local: number }[] {
  const minutes: { at: number; local: number }[] = [];
  for (let block = from; block < to; block += step * MINUTE) {
    const offset = offsetOf(block, zone);
    for (let at = block; at < block + step * MINUTE; at += MINUTE) minutes.push({ at, local: at + offset });
  }
  return minutes;
}

/** One field: its text and the values that it means. */
export type Field = { text: string; values: number[]; star: boolean };
export type Expression = { minute: Field; hour: Field; day: Field; month: Field; weekday: Field };

export const textOf = ({ minute, hour, day, month, weekday }: Expression) =>
  [minute, hour, day, month, weekday].map(({ text }) => text).join(" ");

function isMeant(local: number, { minute, hour, day, month, weekday }: Expression): boolean {
  const date = new Date(local);
  if (!minute.values.includes(date.getUTCMinutes()) || !hour.values.includes(date.getUTCHours()))
    return false;
  if (!month.values.includes(date.getUTCMonth() + 1)) return false;
  const byDay = day.values.includes(date.getUTCDate());
  const byWeekday = weekday.values.includes(date.getUTCDay());
  return day.text !== "*" && weekday.text !== "*" ? byDay || byWeekday : byDay && byWeekday;
}

/** The slots that the published rule gives for the minutes of a window; it begins and ends far from any change. */
export function slotsOf(minutes: { at: number; local: number }[], expression: Expression): number[] {
  const slots = new Set<number>();
  const shown = new Set<number>();
  let expected = minutes[0]!.local;
  for (const { at, local } of minutes) {
    // Skipped: the old clock would show these minutes from now on.
    for (let lost = expected; lost < local; lost += MINUTE) {
      if (isMeant(lost, expression)) slots.add(at + lost - expected);
    }
    const again = shown.has(local);
    if (isMeant(local, expression) && (!again || expression.hour.star)) slots.add(at);
    shown.add(local);
    expected = local + MINUTE;
  }
  return [...slots].sort((a, b) => a - b);
}

const range = (from: number, to: number, step = 1) =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step);

const field = (text: string, values: number[]): Field => ({ text, values, star: text.includes("*") });

/** A field of every form: star, value, range, step, list. */
function fieldOf(min: number, max: number): fc.Arbitrary<Field> {
  const value = fc.integer({ min, max });
  const step = fc.integer({ min: 1, max: Math.min(max, max - min + 1) });
  const part = fc.oneof(
    value.map((at) => field(String(at), [at])),
    fc
      .tuple(value, value)
      .map(([a, b]) => field(`${Math.min(a, b)}-${Math.max(a, b)}`, range(Math.min(a, b), Math.max(a, b)))),
    fc
      .tuple(value, value, step)
      .map(([a, b, by]) =>
        field(`${Math.min(a, b)}-${Math.max(a, b)}/${by}`, range(Math.min(a, b), Math.max(a, b), by)),
      ),
  );
  const parts = fc
    .array(part, { minLength: 1, maxLength: 3 })
    .map((all) =>
      field(all.map(({ text }) => text).join(","), [...new Set(all.flatMap(({ values }) => values))]),
    );
  const steps = step.map((by) => field(`*/${by}`, range(min, max, by)));
  return fc.oneof(fc.constant(field("*", range(min, max))), parts, steps);
}

const whole = ({ text, values, star }: Field, span: number): Field => ({
  text,
  values,
  star: star || new Set(values).size === span,
});

/** Any expression of five fields, with the values that its text means. */
export const anyExpression: fc.Arbitrary<Expression> = fc
  .record({
    minute: fieldOf(0, 59),
    hour: fieldOf(0, 23).map((hour) => whole(hour, 24)),
    day: fc.oneof({ weight: 2, arbitrary: fc.constant(field("*", range(1, 31))) }, fieldOf(1, 31)),
    month: fc.oneof({ weight: 3, arbitrary: fc.constant(field("*", range(1, 12))) }, fieldOf(1, 12)),
    weekday: fc
      .oneof({ weight: 2, arbitrary: fc.constant(field("*", range(0, 6))) }, fieldOf(0, 7))
      .map(({ text, values, star }) => ({ text, values: values.map((day) => day % 7), star })),
  })
  // The 30th of February never comes.
  .filter(({ day, month }) => month.text === "*" || day.values.some((value) => value <= 28));

/** Expressions whose times lie in and around the hour of a change, every day. */
export const nearHours = (hours: number[]): fc.Arbitrary<Expression> => {
  const hour = fc.oneof(
    fc.constantFrom(...hours).map((at) => field(String(at), [at])),
    fc.constant(field(hours.join(","), hours)),
    fc.constant(field("*", range(0, 23))),
    fc.constantFrom(1, 2, 3).map((by) => field(`*/${by}`, range(0, 23, by))),
  );
  const minute = fc.oneof(
    fc.integer({ min: 0, max: 59 }).map((at) => field(String(at), [at])),
    fc.constantFrom(10, 15, 20, 30).map((by) => field(`*/${by}`, range(0, 59, by))),
  );
  const every = (min: number, max: number) => fc.constant(field("*", range(min, max)));
  return fc.record({ minute, hour, day: every(1, 31), month: every(1, 12), weekday: every(0, 6) });
};
