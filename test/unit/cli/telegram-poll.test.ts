import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type StartedTelegramServer, startTelegramServer } from "@openclaw/crabline";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type PollOptions, poll } from "../../../bridge/telegram/poll.ts";
import { tellUrl } from "../../../cli/local/running.ts";
import { lockState } from "../../../cli/local/state.ts";
import { optionsFrom } from "../../../cli/telegram-options.ts";
import { Trouble } from "../../../cli/trouble.ts";
import { json, type Seen, serve } from "../channels/server.ts";

const scratch = () => mkdtempSync(join(tmpdir(), "poll-"));

describe("polling", () => {
  let botApi: StartedTelegramServer;
  let worker: Awaited<ReturnType<typeof serve>>;
  let answer: (seen: Seen, response: ServerResponse) => void;
  let stop: AbortController;
  let options: PollOptions;
  const said: string[] = [];
  const waits: number[] = [];

  beforeEach(async () => {
    botApi = await startTelegramServer({ recorderPath: join(scratch(), "calls.jsonl") });
    answer = (_, response) => json(response, 200, {});
    worker = await serve((seen, response) => answer(seen, response));
    stop = new AbortController();
    said.length = 0;
    waits.length = 0;
    options = {
      token: botApi.manifest.botToken,
      apiRoot: botApi.manifest.endpoints.apiRoot,
      webhook: () => `${worker.root}/webhook/telegram`,
      secret: "s3cret",
      fetch,
      say: (line) => void said.push(line),
      wait: async (ms) => void waits.push(ms),
      signal: stop.signal,
    };
  });
  afterEach(async () => {
    stop.abort();
    await worker.close();
    await botApi.close();
  });

  const arrive = (text: string) =>
    fetch(botApi.manifest.endpoints.adminInboundUrl, {
      method: "POST",
      headers: { authorization: `Bearer ${botApi.manifest.adminToken}`, "content-type": "application/json" },
      body: JSON.stringify({ chatId: 1001, text }),
    });
  const call = async (method: string, body: object) => {
    const url = `${options.apiRoot}/bot${options.token}/${method}`;
    const headers = { "content-type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
    return (await response.json()) as { result: { update_id: number }[] };
  };
  const texts = () => worker.seen.map(({ body }) => body.message.text);
  /** Ends the polling as soon as the worker has answered so many times. */
  const stopAfter = (count: number, also = answer) => {
    answer = (seen, response) => {
      also(seen, response);
      if (worker.seen.length >= count) response.on("finish", () => setImmediate(() => stop.abort()));
    };
  };

  it("forwards updates in order, with the secret, and confirms them", async () => {
    for (const text of ["one", "two", "three"]) await arrive(text);
    stopAfter(3);
    await poll(options);
    expect(texts()).toEqual(["one", "two", "three"]);
    for (const { path, headers } of worker.seen) {
      expect(path).toBe("/webhook/telegram");
      expect(headers["x-telegram-bot-api-secret-token"]).toBe("s3cret");
    }
    const left = (await call("getUpdates", {})).result.map(
      (update: { update_id: number }) => update.update_id,
    );
    expect(left.filter((id) => id < 3)).toEqual([]);
  });

  it("offers the same update again, with growing pauses, until the worker takes it", async () => {
    await arrive("one");
    await arrive("two");
    const fails = (_: Seen, response: ServerResponse) =>
      json(response, worker.seen.length <= 3 ? 503 : 200, {});
    stopAfter(5, fails);
    await poll(options);
    expect(texts()).toEqual(["one", "one", "one", "one", "two"]);
    expect(waits).toEqual([1000, 2000, 4000]);
    expect(said.join("\n")).toContain("503");
  });

  it("confirms nothing that the worker did not take", async () => {
    await arrive("one");
    options.wait = async () => stop.abort();
    answer = (_, response) => json(response, 500, {});
    await poll(options);
    expect((await call("getUpdates", {})).result).toHaveLength(1);
  });

  it("waits for a worker that is not there", async () => {
    await arrive("one");
    const gone = await serve(() => {});
    await gone.close();
    options.wait = async () => stop.abort();
    await poll({ ...options, webhook: () => `${gone.root}/webhook/telegram` });
    expect(said.at(-1)).toMatch(/Nothing answers at http.*npm start/);
  });

  it.each([401, 403])("stops with one line when the worker refuses the secret (%s)", async (status) => {
    await arrive("one");
    answer = (_, response) => json(response, status, {});
    await expect(poll(options)).rejects.toThrow(/TELEGRAM_WEBHOOK_SECRET/);
  });

  it("stops with the worker's own reason when it has no such channel", async () => {
    await arrive("one");
    answer = (_, response) => response.writeHead(404).end("telegram is switched off (TELEGRAM_ENABLED).\n");
    await expect(poll(options)).rejects.toThrow(/404.*switched off \(TELEGRAM_ENABLED\)/);
    expect((await call("getUpdates", {})).result).toHaveLength(1);
  });

  it.each([400, 413, 422])(
    "passes over an update that is refused for good (%s), and says so",
    async (status) => {
      for (const text of ["one", "two"]) await arrive(text);
      stopAfter(2, (_, response) => json(response, worker.seen.length === 1 ? status : 200, {}));
      await poll(options);
      expect(texts()).toEqual(["one", "two"]);
      expect(waits).toEqual([]);
      expect(said.at(-1)).toMatch(new RegExp(`${status}.*passed over`));
    },
  );

  it("waits as long as the worker asks for", async () => {
    await arrive("one");
    stopAfter(2, (_, response) =>
      worker.seen.length === 1
        ? response.writeHead(429, { "retry-after": "7" }).end()
        : json(response, 200, {}),
    );
    await poll(options);
    expect([texts(), waits]).toEqual([["one", "one"], [7000]]);
  });

  it("stops with one line when the token is wrong, and does not say it", async () => {
    const refusing = await serve((_, response) =>
      json(response, 401, { ok: false, error_code: 401, description: "Unauthorized" }),
    );
    const token = "1:wrong-token";
    const error = await poll({ ...options, apiRoot: refusing.root, token }).catch((caught: Error) => caught);
    expect(error).toBeInstanceOf(Trouble);
    expect((error as Error).message).toContain("TELEGRAM_BOT_TOKEN");
    expect((error as Error).message).not.toContain(token);
    await refusing.close();
  });

  it("says that a webhook is in the way before it removes it", async () => {
    const order: string[] = [];
    const api = await serve(({ path }, response) => {
      order.push(path.split("/").at(-1)!);
      if (path.endsWith("getWebhookInfo"))
        return json(response, 200, { ok: true, result: { url: "https://old.test/hook" } });
      json(response, 200, { ok: true, result: path.endsWith("getUpdates") ? [] : true });
      if (path.endsWith("getUpdates")) stop.abort();
    });
    await poll({ ...options, apiRoot: api.root, say: (line) => void order.push(line) });
    expect(order[0]).toBe("getWebhookInfo");
    expect(order[1]).toMatch(/webhook \(old\.test\)/);
    expect(order[2]).toBe("deleteWebhook");
    await api.close();
  });

  it("explains in one line that another program polls", async () => {
    const first = poll(options).catch((error: Error) => error);
    while (!said.some((line) => line.startsWith("Forwarding"))) await new Promise(setImmediate);
    // A second poller ends the first one's question with 409, once that question is open.
    let ended: unknown;
    void first.then((error) => (ended = error));
    while (ended === undefined) await call("getUpdates", { timeout: 0 });
    expect(ended).toBeInstanceOf(Trouble);
    expect((ended as Error).message).toMatch(/Another program polls this bot.*409/);
  });

  it("waits as long as Telegram asks for", async () => {
    const api = await serve((_, response) =>
      json(response, 429, {
        ok: false,
        error_code: 429,
        description: "Too Many Requests",
        parameters: { retry_after: 9 },
      }),
    );
    const wait = async (ms: number) => {
      waits.push(ms);
      stop.abort();
    };
    await poll({ ...options, apiRoot: api.root, wait });
    expect(waits).toEqual([9000]);
    await api.close();
  });
});

describe("its options", () => {
  it("come from the environment, then .dev.vars, then the folder of the local start", () => {
    const folder = scratch();
    writeFileSync(join(folder, ".dev.vars"), 'TELEGRAM_BOT_TOKEN="1:file"\nPORT=9001\n');
    mkdirSync(join(folder, ".nanoflare"));
    writeFileSync(join(folder, ".nanoflare", "telegram-webhook-secret"), "from-the-start\n");
    const read = (env: NodeJS.ProcessEnv) => {
      const { webhook, ...rest } = optionsFrom(env, folder);
      return { ...rest, webhook: webhook() };
    };
    expect(read({})).toEqual({
      token: "1:file",
      apiRoot: "https://api.telegram.org",
      webhook: "http://127.0.0.1:9001/webhook/telegram",
      secret: "from-the-start",
    });
    const env = {
      TELEGRAM_BOT_TOKEN: "1:env",
      TELEGRAM_WEBHOOK_SECRET: "mine",
      TELEGRAM_API_ROOT: "http://x.test/",
    };
    expect(read(env)).toMatchObject({ token: "1:env", secret: "mine", apiRoot: "http://x.test" });
    for (const HOST of ["0.0.0.0", "::", "*"])
      expect(read({ HOST, TELEGRAM_BOT_TOKEN: "" })).toMatchObject({
        token: "1:file",
        webhook: "http://127.0.0.1:9001/webhook/telegram",
      });
  });

  it("follow the install to where it runs, also when it is started later", () => {
    const folder = scratch();
    const stateDir = join(folder, ".nanoflare");
    mkdirSync(stateDir);
    const { webhook } = optionsFrom({ TELEGRAM_BOT_TOKEN: "1:x", TELEGRAM_WEBHOOK_SECRET: "s" }, folder);
    expect(webhook()).toBe("http://127.0.0.1:8787/webhook/telegram");
    using _lock = lockState(stateDir);
    tellUrl(stateDir, "http://127.0.0.1:8791");
    expect(webhook()).toBe("http://127.0.0.1:8791/webhook/telegram");
  });

  it("say which line of .dev.vars cannot be read", () => {
    const folder = scratch();
    writeFileSync(join(folder, ".dev.vars"), "TELEGRAM_BOT_TOKEN=1:x\nwhat is this\n");
    expect(() => optionsFrom({}, folder)).toThrow("line 2");
  });

  it("say in one line what is missing", () => {
    const folder = scratch();
    expect(() => optionsFrom({}, folder)).toThrow(/TELEGRAM_BOT_TOKEN/);
    expect(() => optionsFrom({ TELEGRAM_BOT_TOKEN: "1:x" }, folder)).toThrow(/npm start/);
  });
});
