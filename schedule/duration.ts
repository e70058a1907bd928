import { DAY, HOUR, MINUTE } from "./zones.ts";

const SECOND = 1000;
const UNITS: [RegExp, number][] = [
  [/^(?:ms|milliseconds?)$/, 1],
  [/^(?:s|secs?|seconds?)$/, SECOND],
  [/^(?:m|mins?|minutes?)$/, MINUTE],
  [/^(?:h|hrs?|hours?)$/, HOUR],
  [/^(?:d|days?)$/, DAY],
  [/^(?:w|weeks?)$/, 7 * DAY],
];
/** Longer texts are no lengths of time, and searching them would take long. */
const LONGEST_TEXT = 80;
const PART = /(\d+(?:\.\d+)?)\s*([a-z]+)\s*(?:,|and\b)?\s*/g;

/** A length of time in ms: "20m", "1h30m", "10 seconds", "in 2 hours"; undefined for any other text. */
export function readDuration(text: string): number | undefined {
  if (text.length > LONGEST_TEXT) return;
  const parts = text.toLowerCase().replace(/^(?:in|every)\s+/, "");
  if (parts.replace(PART, "") !== "" || parts === "") return;
  let total = 0;
  for (const [, number, name] of parts.matchAll(PART)) {
    const unit = UNITS.find(([names]) => names.test(name!));
    if (!unit) return;
    total += Number(number) * unit[1];
  }
  return Math.round(total);
}

/** A length of time in words, in the largest unit that fits: "20 minutes", "minute" for one. */
export function sayDuration(ms: number): string {
  const units: [string, number][] = [
    ["week", 7 * DAY],
    ["day", DAY],
    ["hour", HOUR],
    ["minute", MINUTE],
    ["second", SECOND],
    ["millisecond", 1],
  ];
  const [name, unit] = units.find(([, each]) => ms % each === 0)!;
  return ms === unit ? name : `${ms / unit} ${name}s`;
}
