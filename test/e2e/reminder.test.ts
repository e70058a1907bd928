import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, test, vi } from "vitest";
import { openChat } from "./chat.ts";
import { freePort, freshFolder, type Install, startInstall } from "./install.ts";

const running: Install[] = [];
afterAll(async () => {
  for (const install of running) await install.kill();
});

async function started(options: { stateDir: string; port: number }): Promise<Install> {
  const install = await startInstall(options);
  running.push(install);
  return install;
}

/** Asks for a reminder, and answers when it is due, in milliseconds. */
async function remind(install: Install, seconds: number): Promise<number> {
  const chat = await openChat(install, "web:main");
  await chat.say(`remind me in ${seconds} seconds to stretch`);
  const asked = Date.now();
  expect(await chat.reply()).toMatch(/Task 1 .* is set/);
  chat.close();
  return asked + seconds * 1000;
}

/** What came of it, once something did. */
async function reminders(install: Install): Promise<string[]> {
  const chat = await openChat(install, "web:main");
  const said = async () =>
    (await chat.history()).filter(({ text }) => text.startsWith("Reminder: stretch")).map(({ text }) => text);
  await vi.waitFor(async () => expect(await said()).not.toEqual([]), { timeout: 30_000, interval: 100 });
  const task = await get(install, "/api/tasks/1");
  expect(task).toMatchObject({ tasks: [{ state: "done" }], runs: [{ state: "ok" }] });
  const all = await said();
  chat.close();
  return all;
}

async function get(install: Install, path: string): Promise<unknown> {
  const token = readFileSync(`${install.stateDir}/admin-token`, "utf8").trim();
  return (await fetch(install.url + path, { headers: { authorization: `Bearer ${token}` } })).json();
}

// Moments of the kill, in milliseconds from when the reminder is due; and whether the machine is off beyond that time.
test.concurrent.each([
  ["long before it is due", -5000, false],
  ["at the moment when it is due", 0, false],
  ["right after it was due", 150, false],
  ["before it is due, and started long after", -3000, true],
])("a reminder comes once when the process is killed %s", async (_, when, stayOff) => {
  const options = { stateDir: freshFolder(), port: await freePort() };
  const first = await started(options);
  const due = await remind(first, 6);
  await pause(Math.max(0, due + when - Date.now()));
  await first.kill();
  if (stayOff) await pause(Math.max(0, due + 2000 - Date.now()));
  const second = await started(options);
  expect(await reminders(second)).toHaveLength(1);
});
