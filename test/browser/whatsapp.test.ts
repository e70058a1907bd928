import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { afterEach, expect, test } from "vitest";
import WebSocket from "ws";
import { type Command, type ConnectorState, type Down, PROTOCOL, type Up } from "../../channels/frames.ts";
import type { Install } from "../e2e/install.ts";
import { describeConsole } from "./page.ts";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const PHONE = { viewport: { width: 360, height: 640 }, isMobile: true, hasTouch: true };
const QR = "2@QIsVlyk3Yw0zVQ9sDhu4q3kZ,F0m9aBq1cYc6T9Tn2b7Xk0,9hKQ==,AdvSecretKey0123456789";
const UNLINKED: ConnectorState = { channel: "whatsapp", state: "not linked" };
const READY: ConnectorState = { channel: "whatsapp", state: "ready", account: "Flare (+4915112345678)" };

/** A companion whose WhatsApp does what the test says. */
class Companion {
  readonly asked: Command[] = [];
  readonly #socket: WebSocket;
  #state: ConnectorState;
  #seq = 0;
  /** What a command changes. */
  next: (command: Command) => ConnectorState = () => this.#state;

  constructor({ url, stateDir }: Install, state: ConnectorState) {
    const token = readFileSync(join(stateDir, "bridge-token"), "utf8").trim();
    this.#state = state;
    const headers = { authorization: `Bearer ${token}` };
    this.#socket = new WebSocket(`${url.replace("http", "ws")}/bridge`, { headers });
    const hello = { protocol: PROTOCOL, companion: "disk", version: "test", connectors: [state] };
    this.#socket.on("open", () => this.#say({ type: "hello", ...hello }));
    this.#socket.on("message", (data) => this.#heard(JSON.parse(String(data))));
  }

  #heard(frame: Down): void {
    if (frame.type !== "command") return;
    this.asked.push(frame.command);
    this.be(this.next(frame.command));
    this.#say({ type: "result", seq: ++this.#seq, id: frame.id, result: { outcome: "done" } });
  }

  be(state: ConnectorState): void {
    this.#state = state;
    this.#say({ type: "health", connectors: [state], waiting: 0 });
  }

  leave(): void {
    this.#socket.close(1001);
  }

  #say(frame: Up): void {
    this.#socket.send(JSON.stringify(frame));
  }
}

describeConsole("WhatsApp in the console", (house) => {
  let companion: Companion | undefined;
  afterEach(() => companion?.leave());

  const panel = (page: Page) => page.locator("#whatsapp");
  const says = (page: Page, text: string) => panel(page).getByText(text, { exact: false }).first().waitFor();

  /** A page whose panel is open, while the account is so. */
  async function opened(state: ConnectorState, options = {}): Promise<Page> {
    companion = new Companion(house.install, state);
    const page = await house.open({ bypassCSP: true, ...options });
    await expect
      .poll(async () => {
        if (!(await panel(page).isVisible())) await page.reload();
        return panel(page).isVisible();
      })
      .toBe(true);
    await panel(page).locator("summary").focus();
    await page.keyboard.press("Enter");
    return page;
  }

  test("is not there while nobody has a companion", async () => {
    const page = await house.open();
    expect(await panel(page).isVisible()).toBe(false);
  });

  test("links an account by a QR code, and logs it out", async () => {
    const page = await opened(UNLINKED);
    companion!.next = () => ({ ...UNLINKED, state: "linking", qr: QR });
    await says(page, "not linked");
    await page.getByRole("button", { name: "Link with a QR code" }).click();
    const code = page.getByRole("img", { name: /QR code/ });
    await code.waitFor();
    await expect
      .poll(() => code.locator("img").evaluate((image: HTMLImageElement) => image.naturalWidth))
      .toBeGreaterThan(0);
    companion!.be(READY);
    await says(page, "linked: Flare (+4915112345678)");
    expect(await code.isVisible()).toBe(false);
    companion!.next = () => UNLINKED;
    page.once("dialog", (dialog) => void dialog.accept());
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("button", { name: "Link with a QR code" }).waitFor();
    expect(companion!.asked.map((command) => command.do)).toEqual(["link", "unlink"]);
  });

  test("links by a code for a phone number, and says what is wrong with a number", async () => {
    const page = await opened(UNLINKED);
    companion!.next = () => ({ ...UNLINKED, state: "linking", code: "ABCD1234" });
    const phone = page.getByLabel(/phone number/);
    await phone.fill("12");
    await phone.press("Enter");
    await panel(page).getByRole("alert").getByText("country code").waitFor();
    expect(companion!.asked).toEqual([]);
    await phone.fill("+49 151 2345678");
    await phone.press("Enter");
    await says(page, "ABCD1234");
    expect(companion!.asked).toEqual([{ do: "link", phone: "491512345678" }]);
  });

  test("says that the companion is offline, and what to do", async () => {
    const page = await opened(READY);
    await says(page, "linked");
    companion!.leave();
    await says(page, "the companion is offline");
    await says(page, "npm run companion");
  });

  test.each([
    ["on a phone in light colours", { ...PHONE, colorScheme: "light" as const }],
    ["on a screen in dark colours", { colorScheme: "dark" as const }],
  ])("is for everybody, %s", async (_, options) => {
    const faults = async (page: Page) => {
      const { violations } = (await page.evaluate("axe.run()")) as AxeResults;
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      return serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
    };
    const page = await opened({ ...UNLINKED, problem: "Nobody used the code in time." }, options);
    await page.addScriptTag({ path: AXE }).catch(() => undefined);
    await says(page, "Nobody used the code");
    expect(await faults(page)).toEqual([]);
    companion!.be({ ...UNLINKED, state: "linking", qr: QR });
    await page.getByRole("img", { name: /QR code/ }).waitFor();
    expect(await faults(page)).toEqual([]);
    const width = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    expect(width[0]).toBeLessThanOrEqual(width[1]!);
  });
});
