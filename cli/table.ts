import { stripVTControlCharacters, styleText } from "node:util";
import Table from "cli-table3";

/** Lines and spaces alone: what is printed is also read by other programs. */
const PLAIN = {
  ...{ top: "", "top-mid": "", "top-left": "", "top-right": "" },
  ...{ bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "" },
  ...{ left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " },
};

/** Rows as lines with aligned columns, also where letters are wide. Colours only where the terminal has them. */
export function table(head: string[], rows: string[][]): string {
  const style = { head: [], border: [], "padding-left": 0, "padding-right": 0 };
  const lines = new Table({ chars: PLAIN, style });
  lines.push(head, ...rows.map((row) => row.map(oneLine)));
  const [first, ...rest] = lines
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
  return [styleText("dim", first!), ...rest].join("\n");
}

/** A text of a chat as a cell: neither line breaks nor anything that a terminal would obey. */
function oneLine(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
}

/** The beginning of a text, on one line. */
export function shortened(text: string, most = 60): string {
  const line = oneLine(text);
  return line.length > most ? `${line.slice(0, most - 1).toWellFormed()}…` : line;
}

/** Names and values, one a line. */
export function list(entries: [name: string, value: string][]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${styleText("bold", name.padEnd(width))}  ${value}`).join("\n");
}

/** `2026-11-21 05:30`, in a zone (IANA), else in that of this machine. */
export function time(ms: number, timeZone?: string): string {
  return new Date(ms).toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "short", timeZone });
}

/** `250 ms`, `4 s`, `12 min`, `3 h`, `2 d`: a length of time in its largest fitting unit. */
export function span(ms: number): string {
  const units = [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
    ["s", 1000],
  ] as const;
  const [name, size] = units.find(([, size]) => ms >= 2 * size) ?? (ms < 1000 ? ["ms", 1] : ["s", 1000]);
  return `${Math.round(ms / size)} ${name}`;
}
