import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, inject } from "vitest";
import { type Install, startInstall } from "../e2e/install.ts";
import { Peers } from "../flows/peers-client.ts";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--no-first-run",
];

/** What the tests of one file share: a real start with the scripted model, and a browser. */
export interface House {
  install: Install;
  browser: Browser;
  peers: Peers;
  /** A page of a new person's browser, logged in and connected. */
  open(options?: BrowserContextOptions): Promise<Page>;
}

/** Runs tests of the console in Chromium. Where there is none they are skipped, and it is said why. */
export function describeConsole(name: string, tests: (house: House) => void): void {
  const there = existsSync(CHROMIUM);
  if (!there)
    console.warn(`Skipped: ${name}. There is no Chromium at ${CHROMIUM}; set CHROMIUM to where it is.`);
  describe.skipIf(!there)(name, () => {
    const house = {} as House;
    beforeAll(async () => Object.assign(house, await settle()));
    afterAll(async () => {
      await house.browser?.close();
      await house.install?.stop();
    });
    tests(house);
  });
}

async function settle(): Promise<House> {
  const addresses = inject("peers");
  const [install, browser] = await Promise.all([
    startInstall({ env: { API_BASE: addresses.modelBase, MODEL: "scripted", MODEL_STALL_TIMEOUT: "60" } }),
    chromium.launch({ executablePath: CHROMIUM, args: ARGS }),
  ]);
  const peers = new Peers(addresses);
  return { install, browser, peers, open: (options) => open(browser, install, options) };
}

async function open(browser: Browser, install: Install, options?: BrowserContextOptions): Promise<Page> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(await loginLink(install));
  await connected(page);
  return page;
}

/** A fresh one-time link; the printed one opens only once. */
export async function loginLink(install: Install): Promise<string> {
  const headers = { authorization: `Bearer ${adminToken(install)}` };
  const made = await fetch(`${install.url}/api/login-link`, { method: "POST", headers });
  return `${install.url}${((await made.json()) as { path: string }).path}`;
}

function adminToken({ stateDir }: Install): string {
  return readFileSync(join(stateDir, "admin-token"), "utf8").trim();
}

export async function connected(page: Page): Promise<void> {
  await page.getByText("Connected", { exact: true }).waitFor();
}

/** Writes a message and sends it with Enter. */
export async function say(page: Page, text: string): Promise<void> {
  await field(page).fill(text);
  await field(page).press("Enter");
}

export function field(page: Page) {
  return page.getByRole("textbox", { name: /^Message to/ });
}

/** The messages that stand on the page. */
export function messages(page: Page) {
  return page.getByRole("log").getByRole("listitem");
}

/** How many messages hold this text; `from` counts those of the person or the assistant alone. */
export function count(page: Page, text: string, from?: "person" | "assistant"): Promise<number> {
  const all = messages(page).filter({ hasText: text });
  return (from ? all.and(page.locator(`.${from}`)) : all).count();
}

let serial = 0;

/** A word that no other message of this run has. */
export function word(): string {
  return `word${process.pid}x${++serial}x`;
}
