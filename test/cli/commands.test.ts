import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort, freshFolder, type Install, startInstall } from "../e2e/install.ts";
import { Peers } from "../flows/peers-client.ts";
import { type RunningPeers, startPeers } from "../peers/start.ts";
import { nanoflare } from "./run.ts";

const KEY = "sk-test-0123456789abcdef";

let running: RunningPeers;
let peers: Peers;
let install: Install;
beforeAll(async () => {
  running = await startPeers();
  peers = new Peers(running.addresses);
  const { modelBase: API_BASE, discord } = running.addresses;
  const discordVars = {
    DISCORD_API_ROOT: discord.root,
    DISCORD_BOT_TOKEN: discord.token,
    DISCORD_APPLICATION_ID: discord.application,
    DISCORD_PUBLIC_KEY: discord.publicKey,
  };
  install = await startInstall({
    env: { API_BASE, API_KEY: KEY, MODEL: "scripted", TEMPERATURE: "hot", ...discordVars },
  });
}, 60_000);
afterAll(async () => {
  await install.kill();
  await running.close();
});

const here = (args: string[], input?: string) => nanoflare(args, { env: install.env, input });

test("agent prints the answer and exits with 0", async () => {
  await peers.script("cli-one", { text: "An **answer** for cli." });
  const { code, stdout, stderr } = await here(["agent", "a", "question", "cli-one"]);
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: "An **answer** for cli.\n", stderr: "" });
});

test.each(["-m", "--message"])("agent takes what to say from %s too", async (option) => {
  await peers.script("cli-option", { text: "heard" });
  expect(await here(["agent", option, "a question cli-option"])).toMatchObject({
    code: 0,
    stdout: "heard\n",
  });
});

test.each(["exit", "/exit", "quit", " /Quit "])(
  "%j ends a talk, and what comes after is not said",
  async (word) => {
    const { code, stdout, stderr } = await here(["agent"], `/help\n${word}\ncli-never\n`);
    expect(stdout).toContain("/status");
    expect({ code, stderr, asked: await peers.requests("cli-never") }).toEqual({
      code: 0,
      stderr: "",
      asked: [],
    });
  },
);

test("agent without an answer says why on stderr and exits with 1", async () => {
  const refused = {
    error: { status: 401, message: "Incorrect API key", code: "invalid_api_key" },
    forever: true,
  };
  await peers.script("cli-refused", refused);
  const { code, stdout, stderr } = await here(["agent", "cli-refused"]);
  expect(stderr.trim()).not.toBe("");
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
});

test("a piped talk answers line by line, commands too, and says nothing twice", async () => {
  await peers.script("cli-first", { text: "first answer" });
  await peers.script("cli-second", { text: "second answer" });
  const { code, stdout } = await here(["agent"], "cli-first\n\n/status\ncli-second\n");
  const lines = stdout.trim().split("\n");
  expect(lines[0]).toBe("first answer");
  expect(lines.at(-1)).toBe("second answer");
  expect(lines.slice(1, -1).join("\n")).toContain("Model: ");
  expect(stdout.match(/first answer/g)).toHaveLength(1);
  expect(code).toBe(0);
});

test("status shows channels, model, keys and problems, and no key's value", async () => {
  const { code, stdout } = await here(["status"]);
  expect(code).toBe(0);
  for (const word of [
    "scripted",
    "telegram",
    "not set up",
    "API_KEY",
    "ADMIN_TOKEN",
    "TEMPERATURE",
    install.stateDir,
  ]) {
    expect(stdout).toContain(word);
  }
  const token = readFileSync(join(install.stateDir, "admin-token"), "utf8").trim();
  const json = await here(["status", "--json"]);
  expect(JSON.parse(json.stdout)).toMatchObject({
    url: install.url,
    keys: expect.arrayContaining(["API_KEY"]),
  });
  for (const secret of [KEY, token]) expect(stdout + json.stdout).not.toContain(secret);
});

test("a second terminal finds the install by its state alone, and by its address without a token", async () => {
  const { PORT: _, ...env } = install.env;
  for (const args of [["status"], ["--url", install.url, "status"]]) {
    const { code, stdout, stderr } = await nanoflare(args, { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain(install.url);
  }
});

test("output that is no terminal carries no colours", async () => {
  const { NO_COLOR, ...env } = install.env;
  const { stdout } = await nanoflare(["status"], { env });
  expect(stdout).not.toContain("\u001b");
});

test("pair prints a code, login a link that works once", async () => {
  expect((await here(["pair"])).stdout).toMatch(/\/main [A-Z0-9]{8}\n$/);
  const link = (await here(["login"])).stdout.trim();
  const visit = async () => (await fetch(link, { redirect: "manual" })).status;
  expect(await visit()).toBeLessThan(400);
  expect(await visit()).toBe(403);
});

test("groups lists the chats, and what cannot be done is a sentence on stderr and a failure", async () => {
  await here(["agent", "/help"]);
  expect((await here(["groups"])).stdout).toContain("cli:main");
  for (const [verb, name] of [
    ["add", "Nobody & Co"],
    ["remove", "no/such group?"],
    ["remove", "cli:main"],
  ]) {
    const { code, stdout, stderr } = await here(["groups", verb!, name!]);
    expect({ code, stdout, lines: stderr.trim().split("\n").length }).toEqual({
      code: 1,
      stdout: "",
      lines: 1,
    });
    if (name !== "cli:main") expect(stderr).toContain(name);
  }
});

test("dead-letters says when there is none, and knows no id that is not there", async () => {
  expect((await here(["dead-letters"])).stdout.trim()).not.toBe("");
  const { code, stderr } = await here(["dead-letters", "resend", "nothing"]);
  expect([code, stderr.includes("nothing")]).toEqual([1, true]);
});

test("a wrong token, another address and a missing start are one line each", async () => {
  const port = String(await freePort());
  const wrong: [string[], Record<string, string>, string][] = [
    [["--token", "wrong", "status"], install.env, "token"],
    [["agent", "hello"], { ...install.env, PORT: port }, "npm start"],
    [["status"], { STATE_DIR: freshFolder(), PORT: port }, "npm start"],
    [["--url", `http://127.0.0.1:${port}`, "--token", "t", "status"], {}, port],
    [["--url", `http://127.0.0.1:${port}`, "status"], {}, "token"],
  ];
  for (const [args, env, word] of wrong) {
    const { code, stdout, stderr } = await nanoflare(args, { env });
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain(word);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  }
});

test("channels status tells what is missing, and with --probe what the platform says", async () => {
  const { code, stdout } = await here(["channels", "status"]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/^discord +ready/m);
  expect(stdout).toMatch(/^telegram: TELEGRAM_BOT_TOKEN is not set/m);
  const probed = JSON.parse((await here(["channels", "status", "--probe", "--json"])).stdout) as object[];
  expect(probed).toContainEqual(expect.objectContaining({ name: "discord", probe: expect.any(Object) }));
  expect(probed).toContainEqual(
    expect.objectContaining({ name: "telegram", missing: expect.arrayContaining(["TELEGRAM_BOT_TOKEN"]) }),
  );
});

test("channels setup registers Discord's commands and says what is left to do", async () => {
  const { code, stderr } = await here(["channels", "setup", "discord"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/knows these slash commands now: \/ask .*\/status/);
  expect(stderr).toContain("--public-url");
  const nowhere = await here(["channels", "setup", "discord", "--public-url", "nonsense"]);
  expect(nowhere.stderr).toMatch(/^That is no public address; write one such as https:/);
  const noNumber = await here(["channels", "login", "whatsapp", "--phone", "abc"]);
  expect(noNumber.stderr).toMatch(/^Write the phone's number with its country code/);
  const named = await here(["channels", "setup", "discord", "--public-url", "https://flare.test"]);
  expect(named.stderr).toContain("https://flare.test/webhook/discord");
  const puts = (await peers.discordCalls("/commands")).filter(({ method }) => method === "PUT");
  expect(puts).toHaveLength(2);
});

test.each([
  [["setup", "nope"], /telegram, discord, feishu/],
  [["login", "telegram"], /telegram needs no login/],
  [["login", "nope"], /whatsapp/],
])("channels %j says which networks it knows", async (args, known) => {
  const { code, stderr } = await here(["channels", ...args]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(known)]);
});

test("channels setup names the variable that a channel lacks", async () => {
  const { code, stderr } = await here(["channels", "setup", "telegram"]);
  expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining("TELEGRAM_BOT_TOKEN") });
});

test("a message that is under way when the install restarts is answered once", async () => {
  await peers.script(
    "cli-restart",
    { text: "lost", after: 0, trouble: { gate: "cli" } },
    { text: "answered after all" },
  );
  const asked = here(["agent", "cli-restart"]);
  await peers.held("cli");
  await install.kill();
  const { API_BASE, API_KEY, MODEL, TEMPERATURE } = install.env as Record<string, string>;
  const env = { API_BASE, API_KEY, MODEL, TEMPERATURE } as Record<string, string>;
  install = await startInstall({ env, stateDir: install.stateDir, port: install.port });
  expect(await asked).toMatchObject({ code: 0, stdout: "answered after all\n" });
});
