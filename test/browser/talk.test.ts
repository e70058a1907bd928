import { expect, test } from "vitest";
import { count, describeConsole, field, messages, say, word } from "./page.ts";

describeConsole("the console", (house) => {
  test("a message is shown, sent with Enter, and answered", async () => {
    const page = await house.open();
    const key = word();
    await house.peers.script(key, { text: "It is **Tuesday**." });
    await say(page, `${key} which day is it?`);
    await page.getByRole("log").getByText("It is Tuesday.").waitFor();
    expect(await count(page, key)).toBe(1);
    expect(await field(page).inputValue()).toBe("");
    expect(await page.locator("strong", { hasText: "Tuesday" }).count()).toBe(1);
  });

  test("who writes reads that it was they, also after the page was loaded again", async () => {
    const page = await house.open();
    const key = word();
    await house.peers.script(key, { text: "Noted." });
    await say(page, `${key} mine`);
    const name = messages(page)
      .filter({ hasText: `${key} mine` })
      .locator(".name");
    await page.getByRole("log").getByText("Noted.").waitFor();
    expect(await name.textContent()).toBe("You");
    await page.reload();
    expect(await name.textContent()).toBe("You");
  });

  test("Shift and Enter begin a new line", async () => {
    const page = await house.open();
    await field(page).fill("one");
    await field(page).press("Shift+Enter");
    await page.keyboard.type("two");
    expect(await field(page).inputValue()).toBe("one\ntwo");
  });

  test("an answer is seen while it is written, and once when it is done", async () => {
    const page = await house.open();
    const key = word();
    const text = "The first half stands here, and the second half follows.";
    await house.peers.script(key, { text, after: 2, trouble: { gate: key } });
    await say(page, `${key} write`);
    const draft = page.locator("#draft");
    await draft.getByText("The first half").waitFor();
    expect(await draft.textContent()).not.toContain("follows");
    await house.peers.open(key);
    await page.getByRole("log").getByText(text).waitFor();
    await draft.waitFor({ state: "hidden" });
    expect(await count(page, text)).toBe(1);
  });

  test("what it does at the moment is named", async () => {
    const page = await house.open();
    const key = word();
    await house.peers.script(
      key,
      { toolCalls: [{ name: "bash", arguments: { command: "ls" } }] },
      { text: "Looked.", trouble: { gate: key } },
    );
    const seen = page.evaluate(() => {
      const line = document.getElementById("activity")!;
      return new Promise<string>((done) => {
        new MutationObserver(() => line.textContent && done(line.textContent)).observe(line, {
          childList: true,
        });
      });
    });
    await say(page, `${key} look`);
    expect(await seen).toContain("bash");
    await house.peers.open(key);
    await page.getByRole("log").getByText("Looked.").waitFor();
    expect(await page.locator("#activity").textContent()).toBe("");
  });

  test("Stop ends an answer and gives the field the focus", async () => {
    const page = await house.open();
    const key = word();
    await house.peers.script(key, { text: "Never to be finished.", trouble: { gate: key } });
    await say(page, `${key} begin`);
    const stop = page.getByRole("button", { name: "Stop" });
    await stop.focus();
    await stop.press("Enter");
    await stop.waitFor({ state: "hidden" });
    expect(await field(page).evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await count(page, "Never to be finished.")).toBe(0);
  });

  test("markup that people or the model write is text", async () => {
    const page = await house.open();
    const key = word();
    const attack = '<img src=x onerror="document.title=1"><script>document.title=1</script>';
    await house.peers.script(key, { text: `${attack} [link](javascript:document.title=1)` });
    await say(page, `${key} ${attack}`);
    await messages(page).filter({ hasText: "link" }).waitFor();
    expect(await messages(page).locator("img, script, a[href^=javascript]").count()).toBe(0);
    expect(await count(page, attack)).toBe(2);
    expect(await page.title()).toBe("Flare");
  });

  test("older messages come when they are asked for, in their order, and the reader stays where he is", async () => {
    const page = await house.open();
    const key = word();
    const wanted = Array.from({ length: 60 }, (_, index) => `/help ${key} ${String(index).padStart(2, "0")}`);
    for (const text of wanted) await say(page, text);
    await page.getByRole("log").getByText(wanted.at(-1)!).waitFor();
    await expect.poll(() => messages(page).filter({ hasText: key }).locator(".note").count()).toBe(0);
    await page.reload();
    const older = page.getByRole("button", { name: "Show older messages" });
    await older.waitFor();
    expect(await count(page, key)).toBeLessThan(wanted.length);
    for (let asked = 0; asked < 5 && (await count(page, key)) < wanted.length; asked++) {
      const before = await messages(page).count();
      await older.click();
      await expect.poll(() => messages(page).count()).toBeGreaterThan(before);
    }
    const texts = await messages(page).filter({ hasText: key }).locator(".body").allTextContents();
    expect(texts).toEqual(wanted);
  });

  test("without a session it says how to get in, and shows nothing", async () => {
    const page = await (await house.browser.newContext()).newPage();
    const answer = await page.goto(house.install.url);
    expect(answer!.status()).toBe(401);
    await page.getByText("npx nanoflare login").waitFor();
    expect(await page.getByRole("textbox").count()).toBe(0);
  });
});
