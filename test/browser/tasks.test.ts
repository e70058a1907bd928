import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { connected, describeConsole, type House, say, word } from "./page.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const PHONE = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true };

interface Wanted {
  name: string;
  message?: string;
  schedule_type?: string;
  schedule_value?: string;
}

describeConsole("the console's tasks", (house) => {
  const region = (page: Page) => page.locator("#tasks");
  const list = (page: Page) => page.getByRole("list", { name: "Tasks" });

  test("are not there while there are none", async () => {
    const page = await house.open();
    expect(await region(page).isVisible()).toBe(false);
  });

  test("count down to the next one, and go when it is over", async () => {
    const page = await house.open();
    const name = word();
    const seen = clockOf(page);
    await make(house, page, { name, message: `Due ${name}.`, schedule_type: "once", schedule_value: "4s" });
    await region(page).getByText("1 task").waitFor();
    await page.getByRole("log").getByText(`Due ${name}.`).waitFor();
    await region(page).waitFor({ state: "hidden" });
    const counted = (await seen()).filter((text) => text.startsWith(`${name}: in 0:0`));
    const seconds = counted.map((text) => Number(text.slice(-1)));
    expect(seconds.length).toBeGreaterThan(1);
    expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => b - a));
  });

  test("stand in a list of all, on every page, also after it was loaded again", async () => {
    const page = await house.open();
    const other = await house.open();
    const [first, second] = [word(), word()];
    await make(house, page, { name: second, schedule_value: "2d" });
    await make(house, page, { name: first, schedule_value: "1d" });
    await page.reload();
    for (const each of [page, other]) {
      await region(each).getByText("2 tasks").click();
      await expect.poll(() => list(each).locator(".name").allTextContents()).toEqual([first, second]);
      const row = list(each).getByRole("listitem").filter({ hasText: first });
      await row.getByText("every day").waitFor();
      expect(await row.locator(".clock").textContent()).toMatch(/^in (23:59:\d\d|1 d 0 h)$/);
    }
    for (const name of [first, second]) await call(house, page, "cancel_task", { task: name });
    for (const each of [page, other]) await region(each).waitFor({ state: "hidden" });
  });

  test("open into a list without taking the last message out of sight", async () => {
    const page = await house.open(PHONE);
    const name = word();
    const long = word();
    await house.peers.script(long, { text: `${"A line.\n\n".repeat(40)}The end of ${long}.` });
    await say(page, `${long} write`);
    const end = page.getByRole("log").getByText(`The end of ${long}.`);
    await end.waitFor();
    await make(house, page, { name, schedule_value: "1d" });
    await region(page).getByText("1 task").click();
    await list(page).getByText(name).waitFor();
    const last = page.getByRole("log").getByRole("listitem").last();
    const seen = () =>
      last.evaluate((item) => {
        const [box, view] = [item, document.getElementById("view")!].map((each) =>
          each.getBoundingClientRect(),
        );
        return box!.bottom <= view!.bottom && box!.bottom > view!.top;
      });
    await expect.poll(seen).toBe(true);
    await call(house, page, "cancel_task", { task: name });
    await region(page).waitFor({ state: "hidden" });
  });

  test("that are paused say so", async () => {
    const page = await house.open();
    const name = word();
    await make(house, page, { name, schedule_value: "1d" });
    await call(house, page, "pause_task", { task: name });
    await region(page).getByText(`${name}: paused`).waitFor();
    await call(house, page, "cancel_task", { task: name });
    await region(page).waitFor({ state: "hidden" });
  });

  test.each([
    ["a phone in light colours", { ...PHONE, colorScheme: "light" as const }],
    ["a screen in dark colours", { colorScheme: "dark" as const }],
  ])("are for everybody, on %s", async (_, options) => {
    const page = await house.open({ bypassCSP: true, ...options });
    const name = `${word()} ${"unbroken".repeat(8)}`;
    await make(house, page, { name, schedule_value: "1d" });
    await region(page).locator("summary").focus();
    await page.keyboard.press("Enter");
    await list(page).getByText(name).waitFor();
    await page.addScriptTag({ path: AXE }).catch(() => undefined);
    const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    expect(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual([]);
    const width = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(width[0]).toBeLessThanOrEqual(width[1]!);
    await call(house, page, "cancel_task", { task: name });
    await region(page).waitFor({ state: "hidden" });
    await connected(page);
  });
});

/** Has the assistant call a tool, and waits until it has answered. */
async function call(house: House, page: Page, name: string, args: object): Promise<void> {
  const key = word();
  await house.peers.script(key, { toolCalls: [{ name, arguments: { ...args } }] }, { text: `Done ${key}.` });
  await say(page, `${key} do it`);
  await page.getByRole("log").getByText(`Done ${key}.`).waitFor();
}

function make(house: House, page: Page, wanted: Wanted): Promise<void> {
  return call(house, page, "schedule_task", { message: "x", schedule_type: "interval", ...wanted });
}

/** Writes down what the line of the next task says from now on; answers all of it when it is called. */
function clockOf(page: Page): () => Promise<string[]> {
  const watching = page.evaluate(() => {
    const line = document.getElementById("task-next")!;
    const seen: string[] = [];
    Object.assign(globalThis, { seen });
    new MutationObserver(() => seen.push(line.textContent ?? "")).observe(line, { childList: true });
  });
  return async () => {
    await watching;
    return page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  };
}
