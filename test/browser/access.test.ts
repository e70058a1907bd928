import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { describeConsole, field, say, word } from "./page.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const PHONE = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true };

/** Everything that a model writes, wider than any phone. */
const RICH = `### A heading

A paragraph with **strong**, _soft_ and \`code\`, a [link](https://example.com/${"long".repeat(40)}), ${"unbroken".repeat(30)}

> quoted

- one
- two

\`\`\`js
${"const wide = 1; ".repeat(20)}
\`\`\`

| a | b | c | d | e | f |
|---|---|---|---|---|---|
| ${"wide ".repeat(8)} | ${"cell".repeat(12)} | x | y | z | ${"cell".repeat(12)} |
`;

/** What axe-core finds that keeps people out. */
async function faults(page: Page): Promise<string[]> {
  // The page's own policy lets no other script in; this comes from the browser's side.
  await page.addScriptTag({ path: AXE }).catch(() => undefined);
  const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
}

describeConsole("the console for everybody", (house) => {
  async function rich(options: Parameters<typeof house.open>[0]): Promise<Page> {
    const page = await house.open({ bypassCSP: true, ...options });
    const key = word();
    await house.peers.script(key, { text: RICH });
    await say(page, `${key} ${"unbroken".repeat(40)}`);
    await page.getByRole("log").getByText("quoted").last().waitFor();
    return page;
  }

  test.each(["light", "dark"] as const)(
    "axe-core finds no serious fault in %s colours",
    async (colorScheme) => {
      expect(await faults(await rich({ colorScheme }))).toEqual([]);
    },
  );

  test("axe-core finds no serious fault while an answer is written and a message waits", async () => {
    const page = await house.open({ bypassCSP: true });
    const key = word();
    const text = "See [this](https://example.com) and\n\n```\nthat\n```\n\nand more of it.";
    await house.peers.script(key, { text, after: 4, trouble: { gate: key } });
    await say(page, `${key} write`);
    await page.locator("#draft").getByText("this").waitFor();
    await page.context().setOffline(true);
    await say(page, `${word()} waits`);
    await page.getByText("sending").waitFor();
    expect(await faults(page)).toEqual([]);
    await house.peers.open(key);
  });

  test("axe-core finds no serious fault on the login page", async () => {
    const page = await (await house.browser.newContext({ bypassCSP: true })).newPage();
    await page.goto(house.install.url);
    expect(await faults(page)).toEqual([]);
  });

  test("on a phone's width nothing but code and tables scrolls sideways", async () => {
    const page = await rich(PHONE);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(PHONE.viewport.width);
    const wide = await page.evaluate(() =>
      [...document.querySelectorAll("body *")]
        .filter((element) => !element.closest("pre, .table") && element.scrollWidth > innerWidth)
        .map((element) => element.tagName),
    );
    expect(wide).toEqual([]);
    for (const control of [field(page), page.getByRole("button", { name: "Send" })]) {
      const box = (await control.boundingBox())!;
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(PHONE.viewport.width);
      expect(box.y + box.height).toBeLessThanOrEqual(PHONE.viewport.height);
    }
  });

  test("on a phone's width nothing scrolls sideways while an answer is written", async () => {
    const page = await house.open(PHONE);
    const key = word();
    await house.peers.script(key, { text: RICH, after: 8, trouble: { gate: key } });
    await say(page, `${key} write`);
    await page.locator("#draft").waitFor();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width).toBeLessThanOrEqual(PHONE.viewport.width);
    await house.peers.open(key);
  });

  test("the first press of Tab offers to skip to the message field", async () => {
    const page = await house.open();
    // As if the page had just been opened: Tab goes on from where the focus was.
    await page.evaluate(() => {
      document.body.tabIndex = -1;
      document.body.focus();
    });
    await page.keyboard.press("Tab");
    const skip = page.getByRole("link", { name: "Skip to the message field" });
    expect(await skip.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press("Enter");
    expect(await field(page).evaluate((element) => element === document.activeElement)).toBe(true);
  });

  test("what is new is read out, history is not", async () => {
    const page = await house.open();
    const log = page.getByRole("log");
    await expect.poll(() => log.getAttribute("aria-live")).toBe("polite");
    const key = word();
    await house.peers.script(key, { text: `Heard ${key}.` });
    const silenced = log.evaluate((element) => {
      const silences: string[] = [];
      new MutationObserver(() => silences.push("changed")).observe(element, { attributes: true });
      return new Promise<string[]>((done) => {
        new MutationObserver(() => element.textContent!.includes("Heard") && done(silences)).observe(
          element,
          {
            childList: true,
            subtree: true,
          },
        );
      });
    });
    await say(page, `${key} say`);
    expect(await silenced).toEqual([]);
  });
});
