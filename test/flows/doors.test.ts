import { env, exports } from "cloudflare:workers";
import { Hono } from "hono";
import { describe, expect, test, vi } from "vitest";
import type { ServerFrame } from "../../channels/web/frames.ts";
import { readConfig } from "../../durable-objects/config.ts";
import { api } from "../../workers/api.ts";
import type { Doors } from "../../workers/doors.ts";
import worker from "../../workers/index.ts";
import { webhook } from "../../workers/webhooks.ts";
import { deliver, direct, fresh } from "./talk.ts";

const HOME = "http://flare.test";
const ADMIN = { authorization: "Bearer flow-admin" };

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return exports.default.fetch(new Request(`${HOME}${path}`, { redirect: "manual", ...init }));
}

async function link(): Promise<string> {
  const made = await ask("/api/login-link", { method: "POST", headers: ADMIN });
  return ((await made.json()) as { path: string }).path;
}

/** The cookie of a fresh console session. */
async function signIn(): Promise<string> {
  const opened = await ask(await link());
  return opened.headers.get("set-cookie")!.split(";")[0]!;
}

function upgrade(path: string, headers: Record<string, string>): Promise<Response> {
  return ask(path, { headers: { upgrade: "websocket", ...headers } });
}

/** The first frame of this type. */
function heard<T extends ServerFrame["type"]>(socket: WebSocket, type: T) {
  return new Promise<Extract<ServerFrame, { type: T }>>((done) => {
    socket.addEventListener("message", ({ data }) => {
      const frame = JSON.parse(String(data)) as ServerFrame;
      if (frame.type === type) done(frame as Extract<ServerFrame, { type: T }>);
    });
  });
}

describe("webhooks", () => {
  /** An install whose groups fail in these ways, one a call, and then store. */
  function failing(...failures: object[]) {
    const stubs: string[] = [];
    const getByName = (address: string) => {
      stubs.push(address);
      return { receive: async () => fail(failures.shift()) };
    };
    return { stubs, env: { GROUP: { getByName } } as unknown as Env };
  }
  function fail(failure: object | undefined) {
    if (failure) throw Object.assign(new Error("the object broke"), failure);
    return { outcome: "accepted" };
  }
  function post(at: Env, vars: object, update: object = direct(fresh(), "hello")): Promise<Response> {
    const headers = { "x-telegram-bot-api-secret-token": "s", "content-type": "application/json" };
    const request = new Request(`${HOME}/webhook/telegram`, {
      method: "POST",
      headers,
      body: JSON.stringify(update),
    });
    return webhook("telegram", request, at, readConfig(vars));
  }
  const set = { TELEGRAM_BOT_TOKEN: "1:a", TELEGRAM_WEBHOOK_SECRET: "s" };
  const quiet = () => vi.spyOn(console, "error").mockImplementation(() => {});

  test.each(["nowhere", "constructor", "__proto__", "toString", "web", "cli"])(
    "there is no webhook at /webhook/%s",
    async (name) => {
      expect((await ask(`/webhook/${name}`, { method: "POST", body: "{}" })).status).toBe(404);
    },
  );

  test("a wrong secret is refused and stores nothing", async () => {
    const chat = fresh();
    expect((await deliver(direct(chat, "hello"), "wrong")).status).toBe(401);
    expect((await env.GROUP.getByName(`telegram:${chat}`).status()).waiting).toBe(0);
  });

  test("a channel without its secret refuses everybody", async () => {
    const { stubs, env: install } = failing();
    expect((await post(install, { TELEGRAM_BOT_TOKEN: "1:a" })).status).toBe(401);
    expect(stubs).toEqual([]);
  });

  test.each(["false", "0", "no", "OFF"])("a channel that is switched off with %s says so", async (off) => {
    const { stubs, env: install } = failing();
    const refused = await post(install, { ...set, TELEGRAM_ENABLED: off });
    expect(refused.status).toBe(404);
    expect(await refused.text()).toContain("TELEGRAM_ENABLED");
    expect(stubs).toEqual([]);
  });

  test("an object that says that it may be asked again is asked three times, each time on a fresh stub", async () => {
    quiet();
    const { stubs, env: install } = failing({ retryable: true }, { retryable: true });
    expect((await post(install, set)).status).toBe(200);
    expect(stubs).toHaveLength(3);
  });

  test("what cannot be stored is not acknowledged", async () => {
    quiet();
    const broken = { retryable: true };
    const { stubs, env: install } = failing(broken, broken, broken, broken);
    expect((await post(install, set)).status).toBe(503);
    expect(stubs).toHaveLength(3);
  });

  test("an overloaded object is not asked again", async () => {
    quiet();
    const { stubs, env: install } = failing({ retryable: true, overloaded: true });
    expect((await post(install, set)).status).toBe(503);
    expect(stubs).toHaveLength(1);
  });
});

describe("the admin token", () => {
  test.each([
    ["none", {}],
    ["another", { authorization: "Bearer flow-adm1n" }],
    ["the beginning of it", { authorization: "Bearer flow-admi" }],
    ["more than it", { authorization: "Bearer flow-admin1" }],
    ["another scheme", { authorization: "Basic flow-admin" }],
    ["an empty one", { authorization: "Bearer " }],
  ])("with %s the API tells nothing", async (_, headers) => {
    const refused = await ask("/api/status", { headers });
    expect(refused.status).toBe(401);
    expect(Object.keys((await refused.json()) as object)).toEqual(["error"]);
  });

  test("with it the status names keys and never shows them", async () => {
    const answer = await ask("/api/status", { headers: ADMIN });
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(JSON.parse(text).keys).toEqual([
      "ADMIN_TOKEN",
      "BRAVE_API_KEY",
      "BRIDGE_TOKEN",
      "DISCORD_BOT_TOKEN",
      "DISCORD_PUBLIC_KEY",
      "FEISHU_APP_SECRET",
      "FEISHU_ENCRYPT_KEY",
      "FEISHU_VERIFICATION_TOKEN",
      "TELEGRAM_BOT_TOKEN",
      "TELEGRAM_WEBHOOK_SECRET",
    ]);
    for (const secret of ["flow-admin", "flow-secret"]) expect(text).not.toContain(secret);
  });

  test.each<Record<string, string>>([
    {},
    { authorization: "Bearer undefined" },
    { authorization: "Bearer x" },
  ])("an install without one refuses everybody and says how to set it", async (headers) => {
    const door = new Hono<Doors>().use((c, next) => {
      c.set("config", readConfig({}));
      return next();
    });
    const refused = await door.route("/api", api).request("/api/status", { headers }, env);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain("wrangler secret put ADMIN_TOKEN");
  });
});

describe("the one-time link", () => {
  test("opens the console once", async () => {
    const path = await link();
    const opened = await ask(path);
    expect(opened.status).toBe(200);
    const cookie = opened.headers.get("set-cookie")!;
    expect(cookie).toMatch(/HttpOnly/i);
    expect(cookie).toMatch(/SameSite=Strict/i);
    expect((await ask("/", { headers: { cookie: cookie.split(";")[0]! } })).status).toBe(200);
    const again = await ask(path);
    expect(again.status).toBe(403);
    expect(again.headers.get("set-cookie")).toBeNull();
  });

  test("brings whoever is in already to the console", async () => {
    const path = await link();
    const cookie = (await ask(path)).headers.get("set-cookie")!.split(";")[0]!;
    expect((await ask(path, { headers: { cookie } })).status).toBe(200);
  });

  test("leaves the sessions of other installs on the same machine alone", async () => {
    const path = await link();
    const at = (port: number) => `http://flare.test:${port}`;
    const opened = await exports.default.fetch(new Request(`${at(8791)}${path}`));
    const name = (response: Response) => response.headers.get("set-cookie")!.split("=")[0]!;
    const other = await exports.default.fetch(new Request(`${at(8792)}${await link()}`));
    expect(name(opened)).not.toBe(name(other));
    // A browser sends the cookies of all ports.
    const cookie = [opened, other].map((each) => each.headers.get("set-cookie")!.split(";")[0]!).join("; ");
    for (const port of [8791, 8792])
      expect((await exports.default.fetch(new Request(at(port), { headers: { cookie } }))).status).toBe(200);
  });

  test("is not used up by a look at it", async () => {
    const path = await link();
    await ask(path, { method: "HEAD" });
    await ask(path, { headers: { "sec-purpose": "prefetch;prerender" } });
    expect((await ask(path)).status).toBe(200);
  });

  test("lets nobody in with a made-up code or cookie", async () => {
    expect((await ask("/login/abcdefgh")).status).toBe(403);
    const page = await ask("/", { headers: { cookie: "nanoflare_session=abcdefgh" } });
    expect(page.status).toBe(401);
    expect(await page.text()).toContain("npm start");
  });
});

describe("the console's cookie", () => {
  const own = { origin: HOME, host: "flare.test" };
  const SOCKET = "/api/chat/web:main/socket";

  test("works from the console's own page", async () => {
    const cookie = await signIn();
    expect((await ask("/api/groups", { headers: { cookie } })).status).toBe(200);
    expect((await ask("/api/pair", { method: "POST", headers: { cookie, ...own } })).status).toBe(200);
  });

  test.each([
    ["another site", { origin: "https://evil.test" }],
    ["another port", { origin: "http://flare.test:81" }],
    ["a page without an origin", { origin: "null" }],
    ["a sister domain", { "sec-fetch-site": "same-site", origin: HOME }],
    ["an image elsewhere", { "sec-fetch-site": "cross-site" }],
  ])("does not work from %s", async (_, headers: Record<string, string>) => {
    const cookie = await signIn();
    const written = await ask("/api/pair", {
      method: "POST",
      headers: { cookie, host: "flare.test", ...headers },
    });
    expect(written.status).toBe(403);
    expect((await upgrade(SOCKET, { cookie, host: "flare.test", ...headers })).status).toBe(403);
  });

  test("writes and opens sockets only when the browser says where from", async () => {
    const cookie = await signIn();
    expect((await ask("/api/pair", { method: "POST", headers: { cookie } })).status).toBe(403);
    expect((await upgrade(SOCKET, { cookie })).status).toBe(403);
    const { status, webSocket } = await upgrade(SOCKET, { cookie, ...own });
    expect(status).toBe(101);
    webSocket!.accept();
    webSocket!.close();
  });
});

describe("chats", () => {
  test("whoever connects is who the door says, not who the request says", async () => {
    const mallory = encodeURIComponent(JSON.stringify({ id: "mallory", name: "Mallory", isBot: false }));
    const headers = { ...ADMIN, "x-nanoflare-sender": mallory };
    const socket = (await upgrade("/api/chat/web:doors-sender/socket", headers)).webSocket!;
    socket.accept();
    const shown = heard(socket, "message");
    socket.send(JSON.stringify({ type: "send", key: "k1", text: "/help" }));
    expect((await shown).message).toMatchObject({ from: "person", name: "Owner", text: "/help", key: "k1" });
    socket.close();
  });

  test.each([
    [" \n ", "empty"],
    ["", "empty"],
    ["x".repeat(32 * 1024 + 1), "too long"],
  ])("the API takes no message that a page may not send (%#)", async (text, word) => {
    const answer = await ask("/api/chat/web:doors-blank/messages", {
      method: "POST",
      headers: { ...ADMIN, "content-type": "application/json" },
      body: JSON.stringify({ text, key: "blank" }),
    });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining(word)]);
  });

  test("a message with the same key is taken once", async () => {
    const post = () =>
      ask("/api/chat/cli:doors-twice/messages", {
        method: "POST",
        headers: { ...ADMIN, "content-type": "application/json" },
        body: JSON.stringify({ key: "once", text: "/help" }),
      });
    const [first, second] = [await post(), await post()];
    expect(await first.json()).toMatchObject({ outcome: "accepted" });
    expect(await second.json()).toMatchObject({ outcome: "duplicate" });
    const history = await ask("/api/chat/cli:doors-twice/history", { headers: ADMIN });
    const said = (await history.json()) as { from: string }[];
    expect(said.filter(({ from }) => from === "person")).toHaveLength(1);
  });

  test.each(["telegram:1001", "web:", "web:a/b", "cli", "x:y"])(
    "%s is not spoken in here",
    async (address) => {
      const path = `/api/chat/${encodeURIComponent(address)}/history`;
      expect((await ask(path, { headers: ADMIN })).status).toBe(404);
    },
  );

  test.each(["not json", "{}", '{"text":"","key":"k"}', '{"text":"hi"}', '{"text":"hi","key":7}'])(
    "%s is refused with what is wrong",
    async (body) => {
      const headers = { ...ADMIN, "content-type": "application/json" };
      const refused = await ask("/api/chat/web:doors-bad/messages", { method: "POST", headers, body });
      expect(refused.status).toBe(400);
      expect(((await refused.json()) as { error: string }).error).not.toBe("");
    },
  );

  test("more than a message can hold is refused unread", async () => {
    const headers = { ...ADMIN, "content-type": "application/json", "content-length": String(300 * 1024) };
    const body = JSON.stringify({ key: "big", text: "x".repeat(300 * 1024) });
    expect((await ask("/api/chat/web:doors-big/messages", { method: "POST", headers, body })).status).toBe(
      413,
    );
  });
});

describe("addresses", () => {
  test("an unknown one is said to be unknown, in JSON", async () => {
    const answer = await ask("/wp-login.php");
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({ error: expect.stringContaining("/wp-login.php") });
  });

  test.each([
    ["POST", "/", "GET"],
    ["DELETE", "/healthz", "GET"],
    ["GET", "/api/pair", "POST"],
    ["GET", "/webhook/telegram", "POST"],
  ])("%s %s is told to be %s", async (method, path, allowed) => {
    const answer = await ask(path, { method, headers: ADMIN });
    expect(answer.status).toBe(405);
    if (path !== "/webhook/telegram") expect(answer.headers.get("allow")).toContain(allowed);
  });

  test("the page may load nothing from elsewhere and stand in nobody's frame", async () => {
    const { headers } = await ask("/");
    const policy = headers.get("content-security-policy")!;
    expect(policy).toContain("default-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });

  test("health is told to everybody, with the version", async () => {
    const answer = await ask("/healthz");
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ ok: true, version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  });

  test("a failure inside is told without its inside, and logged without a login link", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {});
    const getByName = () => {
      throw new Error("SQLITE_FULL at /secret/place");
    };
    const broken = { ...env, DIRECTORY: { getByName } } as unknown as Env;
    const answer = await worker.fetch(new Request(`${HOME}/login/one-time-code`), broken);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain("secret");
    expect(logged.mock.calls.join()).toContain("SQLITE_FULL");
    expect(logged.mock.calls.join()).not.toContain("one-time-code");
    logged.mockRestore();
  });
});

test("the sweep wakes the groups that are overdue", async () => {
  const chat = fresh();
  await deliver(direct(chat, "hello"));
  const directory = env.DIRECTORY.getByName("directory");
  await directory.due(`telegram:${chat}`, 1);
  const swept = await ask("/api/sweep", { method: "POST", headers: ADMIN });
  expect(((await swept.json()) as { woken: number }).woken).toBeGreaterThan(0);
});

describe("the channels", () => {
  const { DISCORD_BOT_TOKEN, TELEGRAM_BOT_TOKEN } = env as unknown as Record<string, string>;
  const setup = (name: string, body: object) =>
    ask(`/api/channels/${name}/setup`, {
      method: "POST",
      headers: { ...ADMIN, "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  test("are listed with what they need, and nothing secret, also when the platforms are asked", async () => {
    const answer = await ask("/api/channels?probe=true", { headers: ADMIN });
    const text = await answer.text();
    const all = JSON.parse(text) as { name: string; state: string; probe?: object }[];
    for (const name of ["telegram", "discord"])
      expect(all.find((channel) => channel.name === name)).toMatchObject({
        state: "ready",
        missing: [],
        webhook: `${HOME}/webhook/${name}`,
        probe: { ok: expect.any(Boolean), said: expect.arrayContaining([expect.any(String)]) },
      });
    expect(all.find((channel) => channel.name === "web")).not.toHaveProperty("probe");
    for (const secret of [DISCORD_BOT_TOKEN, TELEGRAM_BOT_TOKEN]) expect(text).not.toContain(secret);
  });

  test("are set up with this install's commands, and what the platform says is passed on", async () => {
    const answer = await setup("discord", { url: "https://flare.test/" });
    expect(answer.status).toBe(200);
    const { said } = (await answer.json()) as { said: string[] };
    expect(said[0]).toMatch(/\/ask .*\/status .*\/resume/);
    expect(said.join(" ")).toContain("https://flare.test/webhook/discord");
  });

  test.each([
    ["web", {}, 404],
    ["__proto__", {}, 404],
    ["discord", { url: "flare.test" }, 400],
    ["discord", { url: "ftp://flare.test" }, 400],
  ])("there is nothing to set up for %s with %j", async (name, body, status) => {
    expect((await setup(name, body)).status).toBe(status);
  });
});
