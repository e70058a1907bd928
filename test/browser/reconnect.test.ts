import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { startInstall } from "../e2e/install.ts";
import { connected, count, describeConsole, field, loginLink, messages, say, word } from "./page.ts";

/** Takes the network away and waits until the page has noticed: what it sends before that may still arrive. */
async function offline(page: Page): Promise<void> {
  await page.context().setOffline(true);
  await page.getByText("Offline", { exact: true }).waitFor();
}

describeConsole("the console's connection", (house) => {
  test("a reload in the middle of an answer shows what is written so far, then the whole, once", async () => {
    const page = await house.open();
    const key = word();
    const text = "The first half stands here, and the second half follows.";
    await house.peers.script(key, { text, after: 2, trouble: { gate: key } });
    await say(page, `${key} write`);
    await page.locator("#draft").getByText("The first half").waitFor();
    await page.reload();
    await page.locator("#draft").getByText("The first half").waitFor();
    await page.getByRole("button", { name: "Stop" }).waitFor();
    await house.peers.open(key);
    await page.getByRole("log").getByText(text).waitFor();
    expect(await count(page, text)).toBe(1);
    expect(await count(page, key)).toBe(1);
  });

  test("two tabs show the same", async () => {
    const first = await house.open();
    const second = await first.context().newPage();
    await second.goto(house.install.url);
    await connected(second);
    const [one, two] = [word(), word()];
    await house.peers.script(one, { text: `Answer to ${one}.` });
    await house.peers.script(two, { text: `Answer to ${two}.` });
    await say(first, `${one} from the first`);
    for (const page of [first, second]) await page.getByRole("log").getByText(`Answer to ${one}.`).waitFor();
    await say(second, `${two} from the second`);
    for (const page of [first, second]) await page.getByRole("log").getByText(`Answer to ${two}.`).waitFor();
    const shown = await messages(first).locator(".body").allTextContents();
    expect(await messages(second).locator(".body").allTextContents()).toEqual(shown);
    expect(await count(first, one)).toBe(2);
  });

  test("what is written offline is kept and sent once when the network is back", async () => {
    const page = await house.open();
    const keys = [word(), word(), word()];
    for (const key of keys) await house.peers.script(key, { text: `Got ${key}.` });
    await offline(page);
    for (const key of keys) await say(page, `${key} written offline`);
    for (const key of keys) await messages(page).filter({ hasText: key }).getByText("sending").waitFor();
    await page.context().setOffline(false);
    await page
      .getByRole("log")
      .getByText(`Got ${keys.at(-1)}.`)
      .waitFor();
    await connected(page);
    for (const key of keys) expect(await count(page, `${key} written offline`)).toBe(1);
    expect(await page.getByText("sending").count()).toBe(0);
    await page.reload();
    for (const key of keys) {
      await messages(page)
        .filter({ hasText: `${key} written offline` })
        .waitFor();
      expect(await count(page, `${key} written offline`)).toBe(1);
    }
  });

  test("what is written offline outlives its page", async () => {
    const page = await house.open();
    const key = word();
    await house.peers.script(key, { text: `Got ${key}.` });
    await offline(page);
    await say(page, `${key} before the end`);
    await messages(page).filter({ hasText: key }).getByText("sending").waitFor();
    const context = page.context();
    await page.close();
    await context.setOffline(false);
    const next = await context.newPage();
    await next.goto(house.install.url);
    await next.getByRole("log").getByText(`Got ${key}.`).waitFor();
    expect(await count(next, `${key} before the end`)).toBe(1);
  });

  test("an answer that came while the page was offline is there when it is back", async () => {
    const page = await house.open();
    const key = word();
    await house.peers.script(key, { text: `Late ${key}.`, trouble: { gate: key } });
    await say(page, `${key} ask`);
    await house.peers.held(key);
    await offline(page);
    await house.peers.open(key);
    await page.context().setOffline(false);
    await page.getByRole("log").getByText(`Late ${key}.`).waitFor();
    expect(await count(page, `Late ${key}.`)).toBe(1);
  });

  test("what was being written is still there after a reload", async () => {
    const page = await house.open();
    await field(page).fill("half a thought");
    await page.reload();
    await connected(page);
    expect(await field(page).inputValue()).toBe("half a thought");
  });

  test("a server that was killed in mid-answer loses nothing and answers once", async () => {
    const page = await house.open();
    const key = word();
    const text = `Whole answer to ${key}.`;
    await house.peers.script(key, { text, after: 2, trouble: { gate: key } }, { text, forever: true });
    await say(page, `${key} go on`);
    await house.peers.held(key);
    const { port, stateDir, env } = house.install;
    await house.install.kill();
    await page.getByText("Reconnecting …").waitFor();
    await say(page, `${key} written while it was down`);
    house.install = await startInstall({ port, stateDir, env });
    await house.peers.open(key);
    await page.getByRole("log").getByText(text).first().waitFor();
    await connected(page);
    await expect.poll(() => page.getByText("sending").count()).toBe(0);
    expect(await count(page, `${key} go on`, "person")).toBe(1);
    expect(await count(page, `${key} written while it was down`, "person")).toBe(1);
  });

  test("a session that ended leads to the login page", async () => {
    const page = await house.open();
    await page.context().clearCookies();
    await offline(page);
    await page.context().setOffline(false);
    await page.getByText("npx nanoflare login").waitFor();
    await page.goto(await loginLink(house.install));
    await connected(page);
  });
});
