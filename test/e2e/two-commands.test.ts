import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { Peers } from "../flows/peers-client.ts";
import { startPeers } from "../peers/start.ts";
import { openChat } from "./chat.ts";
import { type Install, startInstall } from "./install.ts";

const running: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

async function started(options: Parameters<typeof startInstall>[0] = {}): Promise<Install> {
  const install = await startInstall(options);
  running.push({ close: () => install.kill() });
  return install;
}

const loginLink = (install: Install) => /http:\S+\/login\/\S+/.exec(install.output())![0];

test("a fresh start prints where the console is and keeps its secrets to the owner", async () => {
  const install = await started({ cold: true });
  expect(install.output()).toContain(install.url);
  expect((await fetch(`${install.url}/healthz`)).status).toBe(200);
  expect(statSync(install.stateDir).mode & 0o777).toBe(0o700);
  for (const name of ["admin-token", "telegram-webhook-secret"]) {
    expect(statSync(join(install.stateDir, name)).mode & 0o777).toBe(0o600);
  }
});

test("the printed link lets its first visitor in and nobody after", async () => {
  const install = await started();
  const first = await fetch(loginLink(install), { redirect: "manual" });
  const cookie = first.headers.get("set-cookie")!.split(";")[0]!;
  expect((await fetch(install.url, { headers: { cookie } })).status).toBe(200);
  expect((await fetch(install.url)).status).toBe(401);
  expect((await fetch(loginLink(install), { redirect: "manual" })).status).toBe(403);
});

test("without a key the demo model answers in the console's chat", async () => {
  const install = await started();
  const chat = await openChat(install, "web:main");
  await chat.say("remember that the bins go out on Tuesday");
  expect(await chat.reply()).toContain("bins go out on Tuesday");
});

test("variables reach the Worker and nothing else of the environment does", async () => {
  const install = await started({
    env: { ASSISTANT_NAME: "Pixel", SOME_TOKEN: "not-for-the-worker", MAX_TOKENS: "many" },
  });
  const status = await statusOf(install);
  expect(status.keys).toEqual(["ADMIN_TOKEN", "BRIDGE_TOKEN", "TELEGRAM_WEBHOOK_SECRET"]);
  expect(status.problems.join()).toContain("MAX_TOKENS");
  const chat = await openChat(install, "web:main");
  expect(chat.assistant).toBe("Pixel");
});

test("a message that was accepted before a kill is answered once after the restart", async () => {
  const peers = await startPeers();
  running.push(peers);
  const client = new Peers(peers.addresses);
  const env = { API_BASE: peers.addresses.modelBase, MODEL: "scripted" };
  await client.script(
    "before-the-kill",
    { text: "held", after: 0, trouble: { gate: "kill" } },
    { text: "answered at last" },
  );
  const install = await started({ env });
  const chat = await openChat(install, "web:main");
  await chat.say("a question before-the-kill");
  await client.held("kill");
  await install.kill();
  const { stateDir, port } = install;
  const again = await started({ env, stateDir, port });
  expect(again.output()).toMatch(/Starting …\nnanoflare \S+ is ready/);
  const after = await openChat(again, "web:main");
  expect(await after.reply()).toBe("answered at last");
  expect((await after.history()).filter(({ from }) => from === "assistant")).toHaveLength(1);
});

test("when Node alone is killed, the next start on the same port works at once", async () => {
  const install = await started();
  const pid = Number(readFileSync(join(install.stateDir, "workerd.pid"), "utf8"));
  const parent = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]);
  process.kill(parent, "SIGKILL");
  const again = await started({ stateDir: install.stateDir, port: install.port });
  expect((await fetch(`${again.url}/healthz`)).status).toBe(200);
});

test("SIGTERM to npm ends everything cleanly", async () => {
  const install = await started();
  await install.stop();
  await expect(fetch(`${install.url}/healthz`)).rejects.toThrow();
  expect(existsSync(join(install.stateDir, "workerd.pid"))).toBe(false);
});

async function statusOf(install: Install) {
  const token = readFileSync(join(install.stateDir, "admin-token"), "utf8").trim();
  const answer = await fetch(`${install.url}/api/status`, { headers: { authorization: `Bearer ${token}` } });
  return (await answer.json()) as { keys: string[]; problems: string[] };
}
