import { afterAll, beforeAll, expect, test } from "vitest";
import type { GroupSettings, RightsEntry } from "../../workers/groups.ts";
import { type Install, startInstall } from "../e2e/install.ts";
import { nanoflare } from "./run.ts";

let install: Install;
beforeAll(async () => {
  install = await startInstall();
  await run("agent", "hello");
}, 60_000);
afterAll(() => install.kill());

const run = (...args: string[]) => nanoflare(args, { env: install.env });

/** What a command that must succeed prints. */
async function said(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout;
}

const settings = async () => JSON.parse(await said("groups", "show", "cli:main", "--json")) as GroupSettings;

test("groups set changes settings, groups show tells them, and default takes them back", async () => {
  const changed = await said("groups", "set", "Terminal", "timezone=Asia/Tokyo", "turn-timeout=90");
  expect(changed).toContain("timezone: Asia/Tokyo");
  expect(await said("groups", "show", "Terminal")).toMatch(/timezone: Asia\/Tokyo\n.*turnTimeout: 90/);
  expect(await settings()).toMatchObject({ timezone: "Asia/Tokyo", turnTimeout: 90 });
  await said("groups", "set", "Terminal", "timezone=default");
  expect((await settings()).timezone).toBeUndefined();
  expect((await settings()).turnTimeout).toBe(90);
});

test("a message to a paused chat is answered after resume", async () => {
  expect(await said("pause", "Terminal")).toMatch(/paused/);
  const answer = run("agent", "remember the blue door");
  const why = async () => (await run("agent", "/why")).stdout;
  await expect.poll(why, { timeout: 10_000 }).toMatch(/blue door.*paused this chat/);
  expect(await said("resume", "Terminal")).toMatch(/goes on/);
  expect(await answer).toMatchObject({ code: 0, stderr: "" });
});

test("audit shows the newest first, of one chat, and from before a time", async () => {
  const deeds = async (...args: string[]) =>
    JSON.parse(await said("audit", "--json", ...args)) as RightsEntry[];
  await said("groups", "set", "Terminal", "mode=drop");
  await said("groups", "set", "Main", "mode=normal");
  const [newest, older] = await deeds();
  expect(newest).toMatchObject({ what: "configured", subject: "web:main", who: "owner", from: "console" });
  expect(older).toMatchObject({ what: "configured", subject: "cli:main", detail: "mode: drop" });
  expect((await deeds("--group", "Terminal"))[0]).toEqual(older);
  const before = await deeds("--before", String(older!.at));
  expect(before.every(({ at }) => at < older!.at)).toBe(true);
  expect((await said("audit")).split("\n")[0]).toMatch(/^at +what +about +who +from +detail$/);
});

test.each([
  ["a chat that is not there", ["groups", "show", "Nobody & Co"], /Nobody & Co/],
  ["a setting that is not there", ["groups", "set", "Terminal", "colour=red"], /no setting "colour"/],
  ["a value that cannot be", ["groups", "set", "Terminal", "timezone=Mars/Base"], /time zone/],
  ["a word that is no setting", ["groups", "set", "Terminal", "timezone"], /name=value/],
  ["a chat that does not wait", ["groups", "add", "Nobody & Co"], /waits to be registered/],
  ["a console's removal", ["groups", "remove", "Terminal"], /cannot be removed/],
  ["a pause of nobody", ["pause", "Nobody & Co"], /Nobody & Co/],
  ["a time that is none", ["audit", "--before", "yesterdayish"], /is no time/],
])("%s is refused in one line on stderr", async (_, args, reason) => {
  const { code, stdout, stderr } = await run(...args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr.trim()).toMatch(reason);
  expect(stderr.trim().split("\n")).toHaveLength(1);
});
