import { styleText } from "node:util";

/** Rows as lines with aligned columns; the last column is as long as it likes. Colours only where the terminal has them. */
export function table(head: string[], rows: string[][]): string {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)));
  const line = (row: string[]) =>
    row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join("  ");
  return [styleText("dim", line(head)), ...rows.map(line)].join("\n");
}

/** Names and values, one a line. */
export function list(entries: [name: string, value: string][]): string {
  const width = Math.max(...entries.map(([name]) => name.length));
  return entries.map(([name, value]) => `${styleText("bold", name.padEnd(width))}  ${value}`).join("\n");
}

/** `2026-11-21 05:30`, in the zone of this machine. */
export function time(ms: number): string {
  return new Date(ms).toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "short" });
}
