import { env } from "cloudflare:workers";
import { expect } from "vitest";
import { alarmOf, rows } from "./loop.ts";
import type { Plan } from "./plan.ts";

/** Every event has one row, in these terminal states, in order. */
export async function inboxIsSettled(name: string, states: string[]): Promise<void> {
  const found = await rows(name, "select state from inbox order by id");
  expect(found.map((row) => row.state)).toEqual(states);
}

/**
 * Each text once and in order. One that was on its way when the object crashed may stand there twice, and the first
 * piece of a streamed answer above it.
 */
export function saidInOrder(shown: string[], expected: string[], { found }: Plan): void {
  const doubled = shown.findIndex((text, index) => index > 0 && text === shown[index - 1]);
  const piece = found?.streaming ? shown.findIndex((text) => text !== "" && isPiece(text, expected)) : -1;
  const surplus = found?.sending.includes(shown[doubled] ?? "") ? doubled : piece;
  const seen = surplus >= 0 && shown.length > expected.length ? shown.toSpliced(surplus, 1) : shown;
  expect(seen.map(short)).toEqual(expected.map(short));
}

function isPiece(text: string, expected: string[]): boolean {
  return expected.some((whole) => whole.startsWith(text.slice(0, -1)));
}

function short(text: string): string {
  return text.length > 60 ? `${text.slice(0, 30)}…${text.slice(-25)} (${text.length})` : text;
}

export async function nothingIsOpen(name: string): Promise<void> {
  expect(await rows(name, "select id, state from turns where state = 'open' or closed = 0")).toEqual([]);
  const open = "select id, state from outbox where state not in ('sent', 'unknown')";
  expect(await rows(name, open)).toEqual([]);
  expect(await alarmOf(name)).toBeNull();
}

/** No reservation is left, here or in the directory, and the sums agree. */
export async function moneyIsSettled(name: string): Promise<void> {
  expect(await rows(name, "select id from usage where state <> 'settled'")).toEqual([]);
  const byDay = "select day, sum(tokens) tokens from usage group by day order by day";
  const usage = await rows(name, byDay);
  expect(await rows(name, "select day, tokens from days order by day")).toEqual(usage);
  const byTurn = "select turn, sum(tokens) tokens from usage group by turn order by turn";
  const mine = await rows(name, byTurn);
  const grants = `select turn, tokens, state from grants where address = '${name}' and tokens > 0 order by turn`;
  expect(await rows("directory", grants)).toEqual(mine.map((row) => ({ ...row, state: "settled" })));
}

/** R2 holds what the index says, nothing more and nothing less. */
export async function fileAgrees(name: string): Promise<void> {
  const [group] = await rows("directory", `select folder from groups where address = '${name}'`);
  const listed = await env.FILES.list({ prefix: `groups/${group!.folder}/` });
  const inR2 = listed.objects.map((object) => [object.key, object.size]).sort();
  const inIndex = (await rows(name, "select key, size from files")).map((row) => [row.key, row.size]).sort();
  expect(inR2).toEqual(inIndex);
  for (const { key, text } of await rows(name, "select key, text from files where text is not null"))
    expect(await (await env.FILES.get(String(key)))?.text()).toBe(text);
}
