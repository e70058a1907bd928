import { afterAll, beforeAll, expect, test } from "vitest";
import { type Install, startInstall } from "../e2e/install.ts";
import { nanoflare } from "./run.ts";

let install: Install;
beforeAll(async () => {
  install = await startInstall({});
}, 60_000);
afterAll(() => install.kill());

const here = (...args: string[]) => nanoflare(args, { env: install.env });
const memory = async (...args: string[]) => {
  const { code, stdout, stderr } = await here("memory", ...args);
  expect({ args, code, stderr }).toEqual({ args, code: 0, stderr: "" });
  return stdout;
};

test("what main was asked to remember is listed, shown and brought back", async () => {
  for (const fact of ["the bins go out on Tuesday", "the key is under the mat"])
    expect((await here("agent", "remember", "that", fact)).code).toBe(0);
  expect(await memory()).toMatch(/^global\/MEMORY\.md /m);
  const text = await memory("show", "MEMORY.md");
  expect(text).toMatch(/^- \d{4}-\d\d-\d\d Owner: the bins go out on Tuesday$/m);
  expect(text).toContain("under the mat");
  const versions = JSON.parse(await memory("versions", "global/MEMORY.md", "--json"));
  expect(versions).toMatchObject([
    { by: "cli:owner", name: "Owner", trust: "owner" },
    { by: "cli:owner", name: "Owner", trust: "owner" },
  ]);
  const [, first] = versions as { version: number }[];
  expect(await memory("versions", "memory")).toContain(String(first!.version));
  expect(await memory("show", "MEMORY.md", String(first!.version))).not.toContain("under the mat");
  expect(await memory("restore", "MEMORY.md", String(first!.version))).toMatch(/is back/);
  expect(await memory("show", "MEMORY.md")).not.toContain("under the mat");
  expect(JSON.parse(await memory("versions", "MEMORY.md", "--json"))[0]).toMatchObject({ by: "owner" });
});

test("what is not there is said on stderr, with the way on", async () => {
  for (const [args, why] of [
    [["show", "nothing.md"], /no memory file/],
    [["restore", "MEMORY.md", "999999"], /no version 999999/],
    [["list", "--group", "Nobody's chat"], /no chat called "Nobody's chat"/],
    [["restore", "MEMORY.md", "two"], /version/],
  ] as const) {
    const { code, stdout, stderr } = await here("memory", ...args);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(why);
  }
});
