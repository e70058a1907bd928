import fc from "fast-check";
import { expect, test } from "vitest";
import { anotherName, fitting } from "../../../sandbox/sync.ts";
import { type Edit, TwoTrees } from "./two-trees.ts";

const path = fc.constantFrom("/w/a.md", "/w/b.md", "/w/d/c", "/w/d/e.tar.gz", "/w/.f");
const edits = (who: string) =>
  fc.array(
    fc.record({
      path,
      content: fc.option(
        fc.nat(5).map((n) => `${who}${n}`),
        { nil: undefined },
      ),
    }),
    { maxLength: 8 },
  );
/** Some contents are the same on both sides. */
const story = fc.record({
  before: edits("n"),
  command: fc.oneof(edits("c"), edits("n")),
  meanwhile: edits("n"),
});
type Story = { before: Edit[]; command: Edit[]; meanwhile: Edit[] };

function finish(steps: Generator<void>, most = Number.POSITIVE_INFINITY): boolean {
  for (let step = 0; step < most; step++) if (steps.next().done) return true;
  return false;
}

/** Both sides agree on what was there before; then a command and somebody else change files at the same time. */
function begin({ before, command, meanwhile }: Story) {
  const trees = new TwoTrees();
  for (const edit of before) trees.note(edit);
  finish(trees.out());
  const agreed = new Map(trees.notebook);
  for (const edit of command) trees.command(edit);
  for (const edit of meanwhile) trees.note(edit);
  const mine = new Map([...trees.notebook].map(([name, { content }]) => [name, content]));
  const versions = new Map([...trees.notebook].map(([name, { version }]) => [name, version]));
  return { trees, agreed, mine, versions, theirs: new Map(trees.disk) };
}

/** What has to be in the notebook when all is done, by the rules in plain words. */
function expectKept({ trees, agreed, mine, versions, theirs }: ReturnType<typeof begin>): void {
  const now = (name: string) => trees.notebook.get(name)?.content;
  for (const name of new Set([...agreed.keys(), ...mine.keys(), ...theirs.keys()])) {
    const [was, here, there] = [agreed.get(name)?.content, mine.get(name), theirs.get(name)];
    if (agreed.get(name)?.version === versions.get(name)) expect(now(name)).toBe(there);
    else if (there === was || there === here || there === undefined) expect(now(name)).toBe(here);
    else if (here === undefined) expect(now(name)).toBe(there);
    else {
      expect(now(name)).toBe(here);
      const copies = [...trees.notebook].filter(
        ([other, { content }]) => isCopy(other, name) && content === there,
      );
      expect(copies.length).toBeGreaterThan(0);
    }
  }
}

function isCopy(other: string, name: string): boolean {
  const stem = name.replace(/(?<=[^/])\.[^./]*$/, "");
  return other.startsWith(`${stem} (sandbox`);
}

function expectAlike(trees: TwoTrees): void {
  const kept = new Map([...trees.notebook].map(([name, { content }]) => [name, content]));
  expect(new Map([...trees.disk].sort())).toEqual(new Map([...kept].sort()));
}

test("what one side changed both have, and what both changed differently is kept twice", () => {
  fc.assert(
    fc.property(story, (told) => {
      const begun = begin(told);
      finish(begun.trees.in(begun.trees.marker));
      expectKept(begun);
      finish(begun.trees.out());
      expectAlike(begun.trees);
    }),
    { numRuns: 500 },
  );
});

test("a kill at any step loses nothing: the next time comes to the same end", () => {
  fc.assert(
    fc.property(story, fc.nat(12), fc.nat(12), (told, first, second) => {
      const begun = begin(told);
      const { trees } = begun;
      if (!finish(trees.in(trees.marker), first)) trees.forget();
      if (!finish(trees.out(), second)) trees.forget();
      finish(trees.out());
      finish(trees.in(trees.marker));
      expectKept(begun);
      finish(trees.out());
      finish(trees.in(trees.marker));
      expectAlike(trees);
    }),
    { numRuns: 1000 },
  );
});

test("a container that died or slept takes nothing away, whenever it did", () => {
  fc.assert(
    fc.property(story, fc.boolean(), fc.nat(12), (told, during, step) => {
      const { trees, mine } = begin(told);
      const met = trees.marker;
      if (during) trees.die();
      finish(trees.in(met), during ? step : 1);
      trees.die();
      finish(trees.in(met));
      finish(trees.in(trees.marker));
      expect(new Map([...trees.notebook].map(([name, { content }]) => [name, content]))).toEqual(mine);
      finish(trees.out());
      expectAlike(trees);
    }),
    { numRuns: 500 },
  );
});

test("a list that is not whole removes nothing", () => {
  fc.assert(
    fc.property(story, (told) => {
      const { trees, mine } = begin(told);
      finish(trees.in(trees.marker, false));
      for (const name of mine.keys()) expect(trees.notebook.has(name)).toBe(true);
    }),
  );
});

test("another name is never one that is taken, and keeps the ending", () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1 }).filter((name) => !name.includes("/")),
      fc.nat(5),
      (name, count) => {
        const taken = new Set([`/w/${name}`]);
        for (let made = 0; made <= count; made++) {
          const other = anotherName(`/w/${name}`, taken);
          expect(taken.has(other)).toBe(false);
          expect(other.startsWith("/w/")).toBe(true);
          taken.add(other);
        }
      },
    ),
  );
  expect(anotherName("/w/notes.md", new Set())).toBe("/w/notes (sandbox).md");
  expect(anotherName("/w/.env", new Set())).toBe("/w/.env (sandbox)");
});

test("what a container has and what the command names goes there first, then the newest, within the room", () => {
  const files = ["old", "named", "new", "huge", "had"].map((name, updatedAt) => ({
    path: `/w/${name}.bin`,
    size: name === "huge" ? 1000 : 40,
    updatedAt,
  }));
  const base = { marker: "m", files: new Map([["/w/had.bin", { sha: "", version: 1 }]]) };
  const { there, left } = fitting(files, base, "wc named.bin", 120);
  expect([...there]).toEqual(["/w/had.bin", "/w/named.bin", "/w/new.bin"]);
  expect(left).toEqual(["/w/huge.bin", "/w/old.bin"]);
  expect(fitting(files, base, "wc huge.bin", 1040).there.has("/w/huge.bin")).toBe(true);
});
