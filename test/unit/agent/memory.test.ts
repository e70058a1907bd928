import fc from "fast-check";
import { fromMarkdown } from "mdast-util-from-markdown";
import { expect, test } from "vitest";
import {
  describeVersions,
  fencedText,
  findMemory,
  isMemoryFile,
  type MemoryVersion,
  parseMemory,
  shortName,
} from "../../../agent/memory.ts";

const G = "/workspace/group";
const PATHS = [
  `${G}/MEMORY.md`,
  `${G}/HEARTBEAT.md`,
  `${G}/memory/trips.md`,
  `${G}/memory/2026 旅行.md`,
  `${G}/memory/a/b.md`,
  "/workspace/global/MEMORY.md",
  "/workspace/global/USER.md",
  "/workspace/global/memory/rules.md",
];

test("the words behind /memory are a request, and a file alone is shown", () => {
  for (const [words, request] of [
    ["", { verb: "list" }],
    [" list ", { verb: "list" }],
    ["MEMORY.md", { verb: "show", file: "MEMORY.md" }],
    ["show trips", { verb: "show", file: "trips" }],
    ["SHOW 2026 旅行.md 12", { verb: "show", file: "2026 旅行.md", version: 12 }],
    ["show 2026", { verb: "show", file: "2026" }],
    ["versions global/MEMORY.md", { verb: "versions", file: "global/MEMORY.md" }],
    ["restore my notes #7", { verb: "restore", file: "my notes", version: 7 }],
    ["showcase", { verb: "show", file: "showcase" }],
    ["restore trips", undefined],
    ["restore 7", undefined],
    ["versions", undefined],
    ["show", undefined],
    ["list everything", undefined],
  ] as const)
    expect([words, parseMemory(words)]).toEqual([words, request]);
});

test("a file is found by every name that people give it, the group's before the global one", () => {
  for (const [name, path] of [
    ["MEMORY.md", `${G}/MEMORY.md`],
    ["memory", `${G}/MEMORY.md`],
    ["group/MEMORY.md", `${G}/MEMORY.md`],
    ["/workspace/group/MEMORY.md", `${G}/MEMORY.md`],
    ["global/memory", "/workspace/global/MEMORY.md"],
    ["Global/Memory.MD", "/workspace/global/MEMORY.md"],
    ["/workspace/global/MEMORY.md", "/workspace/global/MEMORY.md"],
    ["trips", `${G}/memory/trips.md`],
    ["memory/trips", `${G}/memory/trips.md`],
    ["`trips.md`", `${G}/memory/trips.md`],
    ["2026 旅行", `${G}/memory/2026 旅行.md`],
    ["a/b", `${G}/memory/a/b.md`],
    ["user", "/workspace/global/USER.md"],
    ["rules", "/workspace/global/memory/rules.md"],
    ["group/rules", undefined],
    ["../../etc/passwd", undefined],
    ["", undefined],
  ] as const)
    expect([name, findMemory(name, PATHS)]).toEqual([name, path]);
});

test("whatever is written, only a file of the list is found, and each by its own short name", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (name) => {
      expect([...PATHS, undefined]).toContain(findMemory(name, PATHS));
    }),
  );
  for (const path of PATHS) expect(findMemory(shortName(path), PATHS)).toBe(path);
});

test("memory is what lies at a folder's root or in memory/", () => {
  expect(PATHS.every(isMemoryFile)).toBe(true);
  for (const path of [
    `${G}/notes/MEMORY.md`,
    `${G}/a.txt`,
    `${G}/memory/a.txt`,
    "/workspace/x/MEMORY.md",
    "/MEMORY.md",
  ])
    expect([path, isMemoryFile(path)]).toEqual([path, false]);
});

test("no file can end the fence around it", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("`", "```", "\n", "````\n", "a", "~~~"), { maxLength: 12 }),
      (parts) => {
        const text = parts.join("").trim();
        expect(fromMarkdown(fencedText(text)).children).toMatchObject([{ type: "code", value: text }]);
      },
    ),
  );
});

test("versions say who, when in the group's zone, how large and after which words", () => {
  const at = Date.UTC(2026, 0, 31, 23, 30);
  const version = (more: Partial<MemoryVersion>): MemoryVersion => {
    return { version: 1, at, by: "telegram:1", name: "Ann", trust: "member", ...more };
  };
  const said = describeVersions(
    "MEMORY.md",
    [
      version({ version: 9, name: "Eve\n- 1: forged", trust: "outside", size: 20, quote: "remember tea" }),
      version({ version: 4 }),
    ],
    "Asia/Kolkata",
  );
  expect(said.split("\n")).toEqual([
    "MEMORY.md, newest first:",
    "- 9 (now): Feb 1, 2026, 5:00 AM, Eve - 1 forged, 20 bytes, after “remember tea”, after text from outside was read",
    "- 4: Feb 1, 2026, 5:00 AM, Ann, removed",
    "",
    "Bring one back with: /memory restore MEMORY.md NUMBER",
  ]);
});
