import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunView, TaskView } from "../../agent/tasks.ts";
import { type Install, startInstall } from "../e2e/install.ts";
import { nanoflare, type Ran } from "./run.ts";

let install: Install;
beforeAll(async () => {
  install = await startInstall();
}, 60_000);
afterAll(() => install.kill());

const cron = (...args: string[]) => nanoflare(["cron", ...args], { env: install.env });

/** Runs a command that must succeed, and reads what it prints for scripts. */
async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await cron(...args, "--json");
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return JSON.parse(stdout) as T;
}

const names = async (...place: string[]) =>
  (await json<TaskView[]>("list", ...place)).map(({ name }) => name);

/** The row of a table that begins with this, as its cells. */
function row({ stdout }: Ran, name: string): string[] {
  const line = stdout.split("\n").find((each) => each.includes(name))!;
  return line.split(/ {2,}/);
}

describe("nanoflare cron", () => {
  test("says that there are no tasks before there are any", async () => {
    expect((await cron("list")).stdout).toMatch(/no tasks in web:main.*--group.*--all/);
    expect(await json("list")).toEqual([]);
  });

  test.each([
    ["--every 20m", ["--every", "20m"], "every 20 minutes"],
    ["--every in seconds", ["--every", "1200"], "every 20 minutes"],
    [
      "--cron and --tz",
      ["--cron", "0 9 * * 1", "--tz", "America/New_York"],
      "every Monday at 09:00, New York time",
    ],
    ["--at", ["--at", "2090-01-31T09:00"], "once on 2090-01-31 at 09:00, UTC"],
  ])("add %s makes a task that list shows in a table", async (name, options, schedule) => {
    const added = await cron("add", "-n", name, "-m", "Look at the sky", ...options);
    expect(added).toMatchObject({ code: 0, stderr: "" });
    expect(added.stdout).toContain(schedule);
    const listed = await cron("list");
    expect(listed.stdout.split("\n")[0]).toMatch(/^# +name +schedule +next +state +last result$/);
    const cells = row(listed, name);
    expect(cells.slice(1, 3)).toEqual([name, schedule]);
    expect(cells[3]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d UTC$/);
    expect(cells.slice(4)).toEqual(["active", "-"]);
  });

  test("add says what is asked then, or with --as-is what is sent as it is", async () => {
    const asked = await json<TaskView>("add", "-m", "hello", "--every", "2h");
    expect(asked).toMatchObject({ kind: "prompt", text: "hello", deliver: true });
    const sent = await json<TaskView>("add", "-m", "Stretch.", "--as-is", "--every", "2h", "--no-deliver");
    expect(sent).toMatchObject({ kind: "message", text: "Stretch.", deliver: false });
  });

  test("a task is disabled, enabled, run by hand and removed, by name or number", async () => {
    const { number } = await json<TaskView>(
      "add",
      "-n",
      "hand made",
      "-m",
      "Done by hand.",
      "--as-is",
      "--every",
      "1d",
    );
    expect(await json("disable", "hand made")).toMatchObject({ state: "paused" });
    expect(row(await cron("list"), "hand made")).toContain("paused");
    expect((await cron("runs", String(number))).stdout).toMatch(/not run yet/);
    expect(await cron("run", String(number))).toMatchObject({ code: 0 });
    await expect
      .poll(async () => await json<RunView[]>("runs", "hand made"), { timeout: 10_000 })
      .toMatchObject([{ manual: true, state: "ok", result: "Done by hand." }]);
    const runs = await cron("runs", "hand made");
    expect(runs.stdout.split("\n")[0]).toMatch(/^slot +status +late +took +cost +what came of it$/);
    expect(row(runs, "Done by hand.").slice(1, 3)).toEqual(["ok", "-"]);
    expect(runs.stdout).toContain("(by hand)");
    expect(await json("enable", "hand made")).toMatchObject({ state: "active" });
    expect((await cron("remove", "hand made")).code).toBe(0);
    expect(await names()).not.toContain("hand made");
  });

  test("--group, or --channel and --to, name another chat", async () => {
    await nanoflare(["agent", "hello"], { env: install.env });
    await cron("add", "-n", "elsewhere", "-m", "x", "--every", "1d", "--channel", "cli", "--to", "main");
    expect(await names()).not.toContain("elsewhere");
    for (const place of [
      ["--group", "Terminal"],
      ["--group", "cli:main"],
      ["--channel", "cli", "--to", "main"],
    ])
      expect(await names(...place)).toEqual(["elsewhere"]);
    const all = await cron("list", "--all");
    expect(row(all, "elsewhere")).toContain("Terminal");
    expect(all.stdout).toMatch(/^group /);
  });

  test("texts of a chat are one line and give a terminal no orders", async () => {
    await cron("add", "-n", "wide 提醒", "-m", "\u001b[31mred\nsecond", "--as-is", "--every", "1d");
    await cron("run", "wide 提醒");
    const shown = async () => (await cron("runs", "wide 提醒")).stdout;
    await expect.poll(shown, { timeout: 10_000 }).toContain("red second");
    expect(await shown()).not.toContain("\u001b");
  });

  test.each([
    ["add without a time", ["add", "-m", "x"], /--every.*--cron.*--at/],
    [
      "add with two times",
      ["add", "-m", "x", "--every", "20m", "--cron", "0 9 * * *"],
      /--every.*--cron.*--at/,
    ],
    ["add without a message", ["add", "--every", "20m"], /--message/],
    ["add more often than each minute", ["add", "-m", "x", "--every", "10"], /60 seconds/],
    ["add at a time that is past", ["add", "-m", "x", "--at", "2001-01-01T09:00"], /past/],
    ["add in a zone that is none", ["add", "-m", "x", "--cron", "0 9 * * *", "--tz", "Mars/Base"], /zone/i],
    ["a task that is not there", ["remove", "999"], /999/],
    ["a chat that is not there", ["list", "--group", "Nobody & Co"], /Nobody & Co/],
    ["a channel without its chat", ["list", "--channel", "telegram"], /--to/],
    [
      "a chat named twice",
      ["list", "--group", "Main", "--channel", "cli", "--to", "main"],
      /cannot be used with/,
    ],
  ])("%s is refused on stderr, with the reason", async (_, args, reason) => {
    const { code, stdout, stderr } = await cron(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(reason);
  });
});

describe("nanoflare heartbeat", () => {
  test("says what it does, and why it does not beat now", async () => {
    for (const verb of [["status"], ["now"], []]) {
      const { code, stdout } = await nanoflare(["heartbeat", ...verb], { env: install.env });
      expect([code, stdout]).toEqual([0, expect.stringContaining("HEARTBEAT.md has nothing to do")]);
    }
  });

  test("beats by hand once there is something to do", async () => {
    await nanoflare(["agent", "write '- [ ] Look for rain' to HEARTBEAT.md"], { env: install.env });
    const place = ["--group", "cli:main"];
    const { stdout } = await nanoflare(["heartbeat", "now", ...place], { env: install.env });
    expect(stdout).toContain("runs now");
    const status = async () =>
      (await nanoflare(["heartbeat", "status", ...place], { env: install.env })).stdout;
    await expect.poll(status, { timeout: 10_000 }).toMatch(/every 30 min.*Last: .*ok/);
  });
});
