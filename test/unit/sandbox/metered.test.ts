// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are a program's.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { fileOf, meteredModule } from "../../../sandbox/metered/build.ts";
import { instrument } from "../../../sandbox/metered/instrument.ts";

const METER = fileURLToPath(new URL("../../../sandbox/metered/meter.ts", import.meta.url));

test.each(["bash", "re2"] as const)(
  "dist holds %s as the installed package and the meter make it",
  async (name) => {
    expect(readFileSync(fileOf(name), "utf8") === (await meteredModule(name))).toBe(true);
  },
);

/** What a module's `run` returns. */
async function outcomeOf(source: string): Promise<unknown> {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: "/" },
    ...{ bundle: true, write: false, format: "cjs", platform: "node", target: "es2024" },
  });
  const module = { exports: {} as { run?(): unknown } };
  new Function("module", "exports", "require", outputFiles[0]!.text)(module, module.exports, () =>
    process.getBuiltinModule("node:async_hooks"),
  );
  return module.exports.run!();
}

test.each([
  "export function run() { let n = 0; for (let i = 0; i < 5; i++) n += i; while (n > 7) n--; do n++; while (n < 9); return n }",
  "export const run = () => [1, 2, 3].map((x) => ({ x })).map(({ x }) => x * 2).reverse().concat([9]).join()",
  "export async function run() { const out = []; for (const x of [1, 2]) out.push(await x); for await (const y of out) out[y + 1] = y; return out }",
  "class A { one() { return [1] } } class B extends A { one() { return super.one().concat([...'ab']) } } export const run = () => new B().one()",
  "export function run() { 'use strict'; return typeof this + (() => typeof arguments)() }",
  "export const run = () => { const m = new Map([['a', 1]]); m.set('b' + 1, m.get('a')); return [...m.keys()].slice(-1)[0]?.toUpperCase() ?? 'none' }",
  "export const run = () => { const o = { a: { b: [3, 1, 2] } }; const k = 'a'; return o?.[k]?.b?.sort().indexOf(2) }",
  "export const run = () => { for (const k in { a: 1 }) if (k) return `${k}${JSON.stringify({ k })}` }",
  "function* some() { yield* [1, 2]; yield 3 } export const run = () => { if (1) for (const x of some()) if (x > 1) return x; else continue }",
  "export const run = () => { let s = ''; outer: for (let i = 0; ; i++) for (;;) { s += i; if (i > 2) break outer; continue outer } return s }",
  "export const run = () => { const o = {}; return String(o.a?.b.slice(1).trim()) + o.x?.split('+')[0]?.replace('a', 'b') }",
  "export const run = () => { const o = { b: 1, c: 2 }; let n = 0; return ((n++, 'abc').slice(1)) + o[n++, 'c'] + [...(n++, [n])] }",
  "export const run = () => ['a  ', ' b', '   '].map((x) => x.replace(/\\s+$/, '') + x.replace(/[ \\t]+$/g, '.') + /b+$/.test(x))",
  "export const run = () => ['[abc][abc]', '[abc][abc]]]', '[[['].map((x) => x.replace(/\\[abc]+$/, '-') + x.replace(/\\[+$/, '.'))",
  "export const run = () => { const o = { ...{ a: 1 }, b: 2 }; delete o['a']; o['b']++; return [Object.entries(o), new Array(3).length, 'x'.padEnd(3)] }",
  "export const run = () => 'a-b-c'.split('-').map((x, i, { length }) => x.replace(/[a-c]/g, (c) => c + length)).flat()",
])("a program that counts does what it did: %s", async (source) => {
  const before = await outcomeOf(source);
  expect(before).toBeDefined();
  expect(await outcomeOf(instrument(source, METER))).toEqual(before);
});
